const timeoutMs = 60_000

/** Waits for a 200 of `/`. */
export async function untilAnswered(origin: string): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs
  while (performance.now() < deadlineMs) {
    const answer = await fetch(origin, { signal: AbortSignal.timeout(5_000) }).catch(() => null)
    await answer?.text()
    if (answer?.status === 200) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${origin} did not answer within ${timeoutMs} ms`)
}
