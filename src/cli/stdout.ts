/** Standard output that a reader closed (`| head`) ends nothing and is no error: what is left is written to nobody. */
export function guardOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') process.exitCode = 71
    })
  }
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
