/** Waits until `isTrue`, looking every 10 ms; rejects with `why()` after `withinMs`, and what it waited for is then still false. */
export async function waitFor(isTrue: () => boolean, withinMs = 15_000, why: () => string = () => isTrue.toString()): Promise<void> {
  const endMs = performance.now() + withinMs
  while (!isTrue()) {
    if (performance.now() > endMs) throw new Error(`not within ${withinMs} ms: ${why()}`)
    await new Promise((resolve) => {
      setTimeout(resolve, 10)
    })
  }
}
