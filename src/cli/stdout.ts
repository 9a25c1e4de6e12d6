/** Standard output that a reader closed (`| head`) ends nothing and is no error: what is left is written to nobody. */
export function guardOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') process.exitCode = 71
    })
  }
}

/**
 * Resolves when standard output has been taken by its reader, however slow: `process.exit` would lose the rest of it (a pipe that is
 * full takes no more at once). A reader that is gone takes nothing and is not waited for.
 */
export async function flushOutput(): Promise<void> {
  const { stdout } = process
  if (stdout.writableLength === 0 || stdout.destroyed) return
  await new Promise<void>((resolve) => {
    stdout
      .once('drain', resolve)
      .once('close', resolve)
      .once('error', () => resolve())
  })
}

export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2))
}

/** Whether a stream gets colours: FORCE_COLOR and NO_COLOR (no-color.org) come before what the stream is. */
export function wantsColour(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  const [forced, none, term] = [env['FORCE_COLOR'], env['NO_COLOR'], env['TERM']]
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false'
  if (none !== undefined && none !== '') return false
  return stream.isTTY === true && term !== 'dumb'
}
