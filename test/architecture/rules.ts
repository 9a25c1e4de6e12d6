import type { SourceFile } from './source-tree.ts'
import { isTest } from './source-tree.ts'

/** A rule reads the tree and answers a line for each breach. */
export type Rule = (files: readonly SourceFile[]) => string[]

/** Floors, highest first. A file imports from its own folder or from a lower floor. */
const floors: readonly (readonly string[])[] = [
  ['cli', 'index'],
  ['keeper'],
  ['data-plane'],
  ['config'],
  ['admin'],
  ['health'],
  ['validation', 'workers', 'recovery', 'shutdown', 'front-door', 'gateway'],
  ['link', 'net', 'system'],
  ['resilience', 'formats', 'part', 'events', 'errors', 'redact', 'snake-case', 'version', 'own-files'],
]

const ground = floors.findIndex((floor) => floor.includes('link'))
/** Plain types and constants, which the pure folders may name too. */
const vocabulary = new Set(['errors', 'events'])

const dataPlaneFolders = new Set([
  'data-plane',
  'front-door',
  'gateway',
  'net',
  'link',
  'resilience',
  'formats',
  'events',
  'errors',
  'part',
])
const pureFolders = new Set(['resilience', 'formats'])
const impureModules = /^node:(fs|net|http|https|child_process|os|process|dgram|tls|cluster|worker_threads|timers|dns|readline)(\/|$)/
const impureGlobals = /\b(Date\.now|Math\.random|process\.|setTimeout|setInterval|setImmediate|performance\.)/
const foggyFolders = /(^|\/)(utils?|helpers?|common|types|misc|shared|lib)\//

/** `src/gateway/pool.ts` -> `gateway`; `src/errors.ts` -> `errors`. */
export function folderOf(path: string): string {
  return path.split('/')[1]?.replace(/(\.test)?\.ts$/, '') ?? ''
}

function floorOf(folder: string): number {
  return floors.findIndex((floor) => floor.includes(folder))
}

export const arrowsPointDown: Rule = (files) =>
  files.flatMap(({ path, imports }) => {
    const from = folderOf(path)
    if (floorOf(from) === -1) return [`${path}: folder ${from} is on no floor`]
    return imports.flatMap(({ target }) => {
      if (target === null) return []
      if (target.startsWith('data/') && target.endsWith('.json')) return []
      if (!target.startsWith('src/')) return isTest(path) ? [] : [`${path} imports ${target}, outside src`]
      const to = folderOf(target)
      if (to === from || floorOf(to) > floorOf(from)) return []
      // What stands on the ground may use each other, as long as the pure stays pure: the absence of cycles is a rule of its own.
      if (floorOf(from) >= ground && floorOf(to) >= ground && (!pureFolders.has(from) || vocabulary.has(to))) return []
      return [`${path} imports ${target}: ${from} may not reach ${to}`]
    })
  })

export const noCycles: Rule = (files) => {
  const edges = new Map(files.map(({ path, imports }) => [path, imports.flatMap(({ target }) => (target === null ? [] : [target]))]))
  const breaches: string[] = []
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path)
    if (at !== -1) return void breaches.push([...trail.slice(at), path].join(' -> '))
    if (done.has(path)) return
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const path of edges.keys()) visit(path, [])
  return breaches
}

export const pureStaysPure: Rule = (files) =>
  files
    .filter(({ path }) => pureFolders.has(folderOf(path)) && !isTest(path))
    .flatMap(({ path, text, imports }) => [
      ...imports.filter(({ specifier }) => impureModules.test(specifier)).map(({ specifier }) => `${path} imports ${specifier}`),
      ...text.split('\n').flatMap((line, index) => {
        // What unpacks bytes is pure, and may be loaded late.
        const code = line.replace(/\/\/.*$|^\s*\*.*$|^\s*\/\*.*$/, '').replace("process.getBuiltinModule('node:zlib')", '')
        return impureGlobals.test(code) ? [`${path}:${index + 1} reaches outside: ${line.trim()}`] : []
      }),
    ])

export const dataPlaneIsSmall: Rule = (files) => {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const reached = new Set<string>()
  const breaches: string[] = []
  const visit = (path: string): void => {
    if (reached.has(path)) return
    reached.add(path)
    for (const { specifier, target, typeOnly } of byPath.get(path)?.imports ?? []) {
      if (typeOnly) continue
      if (target !== null) visit(target)
      else if (!specifier.startsWith('node:')) breaches.push(`${path} imports ${specifier}`)
    }
  }
  for (const { path } of files) if (dataPlaneFolders.has(folderOf(path)) && folderOf(path) !== 'formats' && !isTest(path)) visit(path)
  return breaches
}

export const foldersAreDuties: Rule = (files) =>
  files.filter(({ path }) => foggyFolders.test(path)).map(({ path }) => `${path}: name the duty`)

export const filesStaySmall: Rule = (files) => {
  const lines = files.map(({ path, text }) => ({ path, count: text.split('\n').length - 1 }))
  const sources = lines.filter(({ path }) => !isTest(path)).map(({ count }) => count)
  const median = sources.sort((a, b) => a - b)[Math.floor(sources.length / 2)] ?? 0
  return [
    ...lines
      .filter(({ path, count }) => count > 400 && !path.includes('/generated/'))
      .map(({ path, count }) => `${path}: ${count} lines, split it`),
    ...(median > 80 ? [`the median source file has ${median} lines; 80 is wanted`] : []),
  ]
}

/** What a test needs stands in its name, so that `bin/test` and a reader know it. */
export const testsNameTheirNeeds: Rule = (files) =>
  files
    .filter(({ path }) => isTest(path))
    .flatMap(({ path, text, imports }) => {
      const kind = /\.(proc|net|pg|ruby)\.test\.ts$/.exec(path)?.[1] ?? 'pure'
      const uses = (pattern: RegExp) => imports.some(({ specifier }) => pattern.test(specifier))
      if (kind === 'pure' && uses(/^node:(net|http|child_process)$/))
        return [`${path} opens sockets or processes: name it .net, .proc, .pg or .ruby`]
      if (kind !== 'pg' && kind !== 'ruby' && /\bstartPostgres\(/.test(text)) return [`${path} starts PostgreSQL: name it .pg.test.ts`]
      return []
    })

export const nothingLeftBehind: Rule = (files) =>
  files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, index) =>
        /\b(TODO|FIXME|XXX|HACK)\b|@ts-(ignore|nocheck|expect-error)|\bas any\s*[;,)\]|&]|(^|[^.\w])(it|test|describe)\.(only|skip|todo)\(/.test(
          line,
        )
          ? [`${path}:${index + 1} ${line.trim()}`]
          : [],
      ),
  )
