import { createReadStream, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { pipeline, Readable } from 'node:stream'
import { constants, createGunzip, createZstdDecompress } from 'node:zlib'
import { BezelError } from '../errors.ts'
import { CrashReportReader } from '../formats/crash-report/crash-report-reader.ts'
import { explainLog } from '../recovery/blame/explain-log.ts'
import { ExplainStream } from '../recovery/blame/explain-stream.ts'
import type { AppKnowledge, Evidence } from '../recovery/blame/evidence.ts'
import { toJson } from '../snake-case.ts'
import { DeathGroups } from './death-groups.ts'
import { formatExplanation, formatGroups, formatPointers } from './explain-format.ts'
import type { ExplainFlags } from './explain-flags.ts'
import { standardInput, toSources, type Source } from './explain-sources.ts'
import { IncidentPointers } from './incident-pointers.ts'
import { print, printJson, wantsColour } from './stdout.ts'
import { ToldLogs } from './told-logs.ts'

type Known = Pick<Evidence, 'app' | 'exitStatus'>

/** Reads, explains, prints. */
export async function runExplain(files: readonly string[], flags: ExplainFlags): Promise<void> {
  const sources = files.length === 0 ? [standardInput()] : files.flatMap((file) => toSources(file))
  const app = flags.app === undefined ? null : await readApp(flags.app)
  const known = { app, exitStatus: flags.exitStatus ?? null }
  await (flags.group === true ? explainGroups(sources, known, flags.json === true) : explainEach(sources, known, flags.json === true))
}

async function explainGroups(sources: readonly Source[], known: Known, json: boolean): Promise<void> {
  const groups = new DeathGroups()
  for (const source of sources) {
    const log = groups.log(source)
    const stream = new ExplainStream(known, (death) => log.add(death))
    await feed(source, log, stream)
    stream.end()
  }
  if (json) printJson(toJson(groups.sorted()))
  else print(formatGroups(groups.sorted()))
}

/** One screen a log; of a folder only those that tell of a crash. */
async function explainEach(sources: readonly Source[], known: Known, json: boolean): Promise<void> {
  const colour = wantsColour(process.stdout, process.env)
  const folder = new ToldLogs()
  for (const [index, source] of sources.entries()) {
    const reader = new CrashReportReader()
    const pointers = new IncidentPointers()
    await feed(source, reader, pointers)
    const { main, events } = explainLog(reader.end(), known)
    const incidents = pointers.found
    const tells = events.length > 0 || incidents.length > 0
    if (json) {
      if (tells || !source.inFolder) printJson(toJson({ file: source.path, ...main, deaths: events.length, incidents }))
      continue
    }
    const title = sources.length === 1 ? '' : `${source.path ?? 'standard input'}\n`
    const told = events.length === 0 && incidents.length > 0 ? [] : [formatExplanation(main, events.length, colour)]
    const recorded = incidents.length === 0 ? [] : [formatPointers(incidents)]
    const text = `${title}${[...told, ...recorded].join('\n\n')}`
    if (source.inFolder) folder.add(tells ? text : null)
    else print(`${index === 0 ? '' : '\n'}${text}`)
  }
  if (json || !sources.some(({ inFolder }) => inFolder)) return
  print(folder.format())
  if (folder.isSilent && known.exitStatus !== null) print(`\n${formatExplanation(explainLog([], known).main, 0, colour)}`)
}

/** Streams a log to whoever reads it. A compressed log that is cut or damaged gives what it holds. */
async function feed({ path }: Source, ...readers: readonly { push(chunk: Buffer): void }[]): Promise<void> {
  try {
    for await (const chunk of await open(path)) for (const reader of readers) reader.push(chunk)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!/^Z_|^ERR_ZSTD|^ZSTD_/.test(code))
      throw new BezelError(
        'DATA_UNREADABLE',
        `${path ?? 'Standard input'} can not be read: ${error instanceof Error ? error.message : ''}.`,
      )
  }
}

/** The bytes of a log, expanded where its first bytes say that they are compressed. */
async function open(path: string | null): Promise<AsyncIterable<Buffer>> {
  const input: AsyncIterable<Buffer> = path === null ? process.stdin : createReadStream(path)
  const chunks = input[Symbol.asyncIterator]()
  const first = await chunks.next()
  if (first.done === true) return Readable.from([])
  const whole = prepend(first.value, chunks)
  const expander = decompressor(first.value)
  if (expander === null) return whole
  pipeline(Readable.from(whole), expander, () => {})
  return expander
}

async function* prepend(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
}

/** By the first bytes: gzip (RFC 1952) or zstd (RFC 8878); null for plain text. */
function decompressor(first: Buffer): (NodeJS.WritableStream & AsyncIterable<Buffer>) | null {
  if (first[0] === 0x1f && first[1] === 0x8b) return createGunzip({ finishFlush: constants.Z_SYNC_FLUSH })
  return first.length >= 4 && first.readUInt32LE(0) === 0xfd2fb528 ? createZstdDecompress() : null
}

/** What validation reads in the app's files, without running anything of it. */
async function readApp(folder: string): Promise<AppKnowledge> {
  const { systemClock } = await import('../system/clock.ts')
  const { validationDefaults } = await import('../validation/options.ts')
  const { VersionValidator } = await import('../validation/version-validator.ts')
  const { toAppKnowledge } = await import('../keeper/to-app-knowledge.ts')
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new BezelError('DATA_UNREADABLE', `There is no folder ${folder} to look into.`)
  const env = Object.fromEntries(Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
  const validator = new VersionValidator(
    { ...validationDefaults, appPath: resolve(folder), env, probe: false },
    { clock: systemClock, random: Math.random, emit: () => {} },
  )
  return toAppKnowledge(await validator.validate())
}
