import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { build, type OutputAsset, type OutputChunk } from 'rolldown'
import { keepCode } from './bundle/keep-code.ts'

/**
 * Bundles the programs into `build/`: the command line as `bezel.cjs` with a chunk for what each command needs, the data plane as one file.
 * A program of few files starts in half of the time, and holds less memory. The command line starts faster again with the code that V8 made
 * of it in an earlier run: `--without-code` leaves that out, for who waits for the programs. Prints the name of the data plane's file, which
 * bears a hash, so that a command line which runs on over a later bundle starts no data plane but its own.
 */
const root = resolve(import.meta.dirname, '..')
const folder = join(root, 'build')
const entry = 'bezel.cjs'
/** A bezel that was started from an earlier bundle may still load its chunks. */
const keptDays = 30
const startedAt = new Date()

await mkdir(folder, { recursive: true })
const made = mkdtempSync(join(folder, '.new-'))
const names: string[] = []
try {
  const common = { cwd: root, platform: 'node', logLevel: 'warn' } as const
  const { output } = await build({
    ...common,
    input: { 'data-plane': 'src/data-plane/main.ts' },
    output: { dir: made, format: 'esm', entryFileNames: '[name]-[hash].mjs' },
  })
  const dataPlane = output[0].fileName
  const { output: commandLine } = await build({
    ...common,
    input: { bezel: 'src/cli/main.ts' },
    transform: { define: { BUNDLED_DATA_PLANE: JSON.stringify(dataPlane) } },
    output: { dir: made, format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: '[name]-[hash].cjs' },
  })
  process.stdout.write(`${dataPlane}\n`)
  writeFileSync(join(made, 'sources.txt'), sourcesOf([...output, ...commandLine]).join('\n'))
  // Without code of the entry, Node loads the program, and keeps what it can itself.
  if (textOf(join(made, entry)) !== textOf(join(folder, entry)))
    for (const name of readdirSync(folder))
      if (name.startsWith(`${entry}.`) && name.endsWith('.code')) rmSync(join(folder, name), { force: true })
  // The command line comes last: it is current from then on. A source that was changed meanwhile is newer than it.
  names.push(...readdirSync(made).sort((one, other) => Number(one === entry) - Number(other === entry)))
  for (const name of names) {
    utimesSync(join(made, name), startedAt, startedAt)
    renameSync(join(made, name), join(folder, name))
  }
} finally {
  rmSync(made, { recursive: true, force: true })
}
for (const name of readdirSync(folder)) {
  const path = join(folder, name)
  // Another bundling may take its own away meanwhile.
  const changedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity
  if (startedAt.getTime() - changedMs > keptDays * 86_400_000) rmSync(path, { recursive: true, force: true })
}

if (!process.argv.includes('--without-code'))
  keepCode(
    folder,
    names.filter((name) => name.endsWith('.cjs')),
  )

/** What `bin/bezel` asks for changes, relative to the checkout. */
function sourcesOf(output: readonly (OutputChunk | OutputAsset)[]): string[] {
  const modules = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []))
  const own = modules.filter((module) => module.startsWith(`${root}/src/`)).map((module) => relative(root, module))
  return ['package-lock.json', ...new Set(own)]
}

function textOf(file: string): string | null {
  return statSync(file, { throwIfNoEntry: false }) === undefined ? null : readFileSync(file, 'utf8')
}
