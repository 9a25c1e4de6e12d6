import { Option, type Command } from 'commander'
import { BezelError } from '../errors.ts'
import type { CommandContext } from './create-program.ts'
import type { DoctorFlags } from './doctor-flags.ts'

/** `bezel doctor [APP]`: may this Ruby run with these extensions? */
export function registerDoctor(program: Command, context: CommandContext): void {
  program
    .command('doctor')
    .description("prove that the app's compiled gems fit its Ruby, before anything starts")
    .argument('[APP]', "the app's folder, or a Dockerfile; with --root, the app's path inside (default: this folder)")
    .option('--root <DIR>', 'look into an unpacked file system, also of another machine; nothing in it is run')
    .option('--ruby <PATH>', 'judge for this interpreter instead of the first one found')
    .addOption(new Option('--format <FORMAT>', 'how to print what was found').choices(['text', 'json', 'github']).default('text'))
    .option('--json', 'the same as --format json')
    .option('--no-probe', 'read only: load no extension in a process of its own')
    .option('--fix', 'show the commands that mend it, ask, run them, and look again')
    .option('-y, --yes', 'with --fix: do not ask')
    .addHelpText(
      'after',
      '\nEnds with 0 (compatible, or nothing speaks against it), 78 (incompatible), 69 (no Ruby), 65 (unreadable data), 64 (wrong command line).' +
        '\n\nExamples:\n  bezel doctor\n  bezel doctor --format json /srv/app | jq .verdict\n  bezel doctor --root /mnt/image /app\n  bezel doctor Dockerfile\n  bezel doctor --fix',
    )
    .action(async (app: string | undefined, flags: DoctorFlags) => {
      const { runDoctor } = await import('./doctor-run.ts')
      if (context.command !== null)
        throw new BezelError('COMMAND_LINE_WRONG', 'bezel doctor runs no command: nothing may stand behind "--".', {
          remedy: ['bezel doctor'],
        })
      context.end(await runDoctor(app, flags.json === true ? { ...flags, format: 'json' } : flags))
    })
}
