import { styleText } from 'node:util'

/** Waits until the app answers, then tells what can be done with it. Says nothing if somebody else answers there already. */
export async function sayWhatToTry(origin: string, signal: AbortSignal): Promise<void> {
  if (await answers(origin, signal)) return
  while (!signal.aborted) {
    if (await answers(origin, signal)) return print(origin)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

async function answers(origin: string, signal: AbortSignal): Promise<boolean> {
  try {
    const answer = await fetch(origin, { signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]) })
    await answer.text()
    return answer.ok
  } catch {
    return false
  }
}

function print(origin: string): void {
  const lines = [
    ['hello from Ruby', `curl ${origin}/`],
    ['a query', `curl ${origin}/db`],
    ['a bcrypt login', `curl ${origin}/login`],
    ['a segmentation fault', `curl '${origin}/segv?id=1'`],
    ['what happened', 'cd examples/iodine-pg && ../../bin/bezel incidents'],
    ['how it is', 'cd examples/iodine-pg && ../../bin/bezel status'],
  ] as const
  const table = lines.map(([what, command]) => `  ${what.padEnd(22)}${styleText('cyan', command)}`)
  console.log(`\n${styleText('bold', `The example runs at ${origin}`)} (Ctrl-C stops it)\n\n${table.join('\n')}\n`)
}
