const wanted = "Write '$PORT' with its quotes, or {port}, or let the server listen on {socket}"

/** What a worker's command would do otherwise than its author meant, as far as its words tell. `frontPort`: bezel's own. */
export function noticesOfCommand(command: readonly string[] | null, frontPort: number): string[] {
  if (command === null || command.some((word) => /\{socket\}|\{port\}|\$PORT\b|\$\{PORT\}/.test(word))) return []
  const own = new RegExp(`(?<!\\d)${frontPort}(?!\\d)`)
  if (frontPort > 0 && command.some((word) => own.test(word)))
    return [
      `the workers' command has ${frontPort} in it, bezel's own port: a worker would take it from bezel, or fail because it is taken. ${wanted}.`,
    ]
  const last = command.at(-1) ?? ''
  return /^(?:-p|--port)=?$/.test(last)
    ? [`the workers' command ends in ${last}, with no port behind it: your shell has filled in an empty $PORT. ${wanted}.`]
    : []
}
