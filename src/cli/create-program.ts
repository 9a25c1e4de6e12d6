import { Command } from 'commander'
import { readVersion } from './read-version.ts'
import { wantsColour } from './stdout.ts'

/** What every command is given. */
export interface CommandContext {
  /** What stands behind `--`; null: no `--` was typed. */
  readonly command: readonly string[] | null
  /** Sets the exit code; 0 without it. */
  end(exitCode: number): void
  /** Says what happens to an error that nobody caught; by default it is printed and the process ends with 70. */
  onFault(handle: (error: unknown) => void): void
}

/** Adds one command to the program. Imports what the command needs only when it runs: start-up time is this file's. */
type Register = (program: Command, context: CommandContext) => void | Promise<void>

const examples = `
Examples:
  bezel run                        hold up the app in this folder, on port 3000
  bezel run --port 8080 --workers 4
  bezel run -- bundle exec rackup -p '$PORT'
  bezel doctor                     whether its compiled gems fit this Ruby
  bezel explain crash.log          who is to blame for a crash
  bezel config                     what bezel would do here, and why
  bezel status                     how it is
  bezel incidents                  what crashed, and what is to blame`

/** Each command by its name, read only when it is wanted: the one that was typed, or all for the help of the whole. */
export type Commands = Readonly<Record<string, () => Promise<Register>>>

export async function createProgram(commands: Commands, argv: readonly string[], context: CommandContext): Promise<Command> {
  const program = new Command('bezel')
  program
    .description('Holds a Ruby web backend up from the outside.')
    .usage('COMMAND [options]')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .addHelpText('after', examples)
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      getOutHasColors: () => wantsColour(process.stdout, process.env),
      getErrHasColors: () => wantsColour(process.stderr, process.env),
      outputError: (text, write) =>
        write(
          `${text
            .replace(/^error: /, 'bezel: ')
            .replace(/\n\(Did you mean (.*)\?\)/, '; did you mean $1?')
            .trimEnd()}\n  try: bezel ${asked === null ? '' : `${asked} `}--help\n`,
        ),
    })
  const first = argv.find((word) => !word.startsWith('-'))
  const asked = first !== undefined && Object.hasOwn(commands, first) ? first : null
  const isVersion = argv[0] === '--version' || argv[0] === '-V'
  for (const [name, load] of isVersion ? [] : Object.entries(commands)) {
    if (asked === null || asked === name) await (await load())(program, context)
  }
  if (argv.length === 0) program.action(() => program.help({ error: true }))
  return program
}
