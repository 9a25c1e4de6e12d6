import { text } from 'node:stream/consumers'
import { BezelError } from '../errors.ts'
import { validateBuild } from '../validation/validate-build.ts'
import { formatFinding } from './doctor-format.ts'

/** What the hook calls: reads one fresh build from standard input, prints why it is refused, answers 0 or 78. */
export async function checkBuild(): Promise<number> {
  const [name = '', version = '', platform = '', folder = '', extensionFolder = '', ruby = '', ...requireFolders] = (
    await text(process.stdin)
  ).split('\n')
  if (ruby === '')
    throw new BezelError(
      'COMMAND_LINE_WRONG',
      'bezel guard check is for the hook of "bezel guard install"; it reads a build from standard input.',
    )
  const env = Object.fromEntries(Object.entries(process.env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])))
  const build = { name, version, platform, folder, extensionFolder, ruby, requireFolders }
  const findings = await validateBuild(build, env, { signal: new AbortController().signal })
  if (findings.length === 0) {
    process.stderr.write(`bezel guard: ${name} ${version} fits ${ruby}.\n`)
    return 0
  }
  const lines = findings.flatMap((finding) => formatFinding(finding, (_style, word) => word))
  process.stderr.write(`bezel guard: ${name} ${version} does not fit ${ruby} and was not installed.\n${lines.join('\n')}\n`)
  return 78
}
