import { createReadStream, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { pipeline, Readable } from 'node:stream'
import { constants, createGunzip, createZstdDecompress } from 'node:zlib'
import { BezelError } from '../errors.ts'
import { CrashReportReader } from '../formats/crash-report/crash-report-reader.ts'
import { explainLog, type ExplainedEvent } from '../recovery/blame/explain-log.ts'
import { ExplainStream } from '../recovery/blame/explain-stream.ts'
import type { AppKnowledge } from '../recovery/blame/evidence.ts'
import { toJson } from '../snake-case.ts'
import { formatExplanation, formatGroups, formatPointers, type Group } from './explain-format.ts'
import type { ExplainFlags } from './explain-flags.ts'
import { standardInput, toSources, type Source } from './explain-sources.ts'
import { IncidentPointers } from './incident-pointers.ts'
import { print, printJson, wantsColour } from './stdout.ts'

/** Reads, explains, prints. */
export async function runExplain(files: readonly string[], flags: ExplainFlags): Promise<void> {
  const sources = files.length === 0 ? [standardInput()] : files.flatMap((file) => toSources(file))
  const app = flags.app === undefined ? null : await readApp(flags.app)
  const known = { app, exitStatus: flags.exitStatus ?? null }
  const colour = wantsColour(process.stdout, process.env)
  const groups = new Map<string, Group>()
  for (const [index, source] of sources.entries()) {
    if (flags.group === true) {
      const stream = new ExplainStream(known, (death) => collect(groups, death, source))
      await feed(source, stream)
      stream.end()
      continue
    }
    const reader = new CrashReportReader()
    const pointers = new IncidentPointers()
    await feed(source, reader, pointers)
    const { main, events } = explainLog(reader.end(), known)
    const incidents = pointers.found
    if (flags.json === true) printJson(toJson({ file: source.path, ...main, deaths: events.length, incidents }))
    else {
      const title = sources.length === 1 ? '' : `${source.path ?? 'standard input'}\n`
      const told = events.length === 0 && incidents.length > 0 ? [] : [formatExplanation(main, events.length, colour)]
      const recorded = incidents.length === 0 ? [] : [formatPointers(incidents)]
      print(`${index === 0 ? '' : '\n'}${title}${[...told, ...recorded].join('\n\n')}`)
    }
  }
  if (flags.group !== true) return
  const sorted = [...groups.values()].sort((a, b) => b.count - a.count || a.first.localeCompare(b.first))
  if (flags.json === true) printJson(toJson(sorted))
  else print(formatGroups(sorted))
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

function collect(groups: Map<string, Group>, { explanation, atLine, loggedAt }: ExplainedEvent, source: Source): void {
  const at = loggedAt ?? source.writtenAt ?? `line ${atLine}`
  const place = `${source.path ?? 'standard input'}:${atLine}`
  const group = groups.get(explanation.fingerprint)
  if (group === undefined)
    groups.set(explanation.fingerprint, { count: 1, first: at, last: at, firstPlace: place, lastPlace: place, explanation })
  else groups.set(explanation.fingerprint, { ...group, count: group.count + 1, last: at, lastPlace: place })
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
