import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type Document, type YAMLError } from 'yaml'
import type { Problem } from './problem.ts'

/** Most bytes of a bezel.yml: a real one has a few hundred. */
export const maxFileBytes = 256 * 1024

/** A parsed bezel.yml: plain values, and where each stands. */
export interface YamlFile {
  readonly root: Readonly<Record<string, unknown>>
  /** `bezel.yml:3:10` of the value at a path, or of its key; the nearest thing around it when an alias or merge brought it. */
  placeOf(path: readonly (string | number)[], part: 'key' | 'value'): string
}

/**
 * Reads YAML 1.2 (anchors, aliases and merge keys included) that holds one map.
 * `name` is how messages call the file. Never throws.
 */
export function readYamlFile(name: string, text: string): { readonly file: YamlFile | null; readonly problems: readonly Problem[] } {
  if (Buffer.byteLength(text) > maxFileBytes) return failed({ place: name, message: `is larger than ${maxFileBytes / 1024} KB` })
  const lines = new LineCounter()
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${name}:${line}:${col}`
  }
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true })
    const wrong = [...document.errors, ...document.warnings]
    if (wrong.length > 0) return failed(...firstOfEach(wrong.map((error) => ({ place: at(error.pos[0]), message: describeError(error) }))))
    const dangling = findDangling(document)
    if (dangling !== null) return failed({ place: at(dangling.offset), message: `not valid YAML: no anchor is named ${dangling.source}` })
    const root: unknown = document.toJS({ maxAliasCount: 100 })
    if (root === null || root === undefined) return { file: { root: {}, placeOf: () => name }, problems: [] }
    if (!isRecord(root)) return failed({ place: at(0), message: 'must hold a map of options, such as "workers: { count: 2 }"' })
    return { file: { root, placeOf: (path, part) => at(offsetOf(document, path, part)) }, problems: [] }
  } catch (error) {
    // Nesting past the stack, or aliases that multiply past the limit.
    return failed({ place: name, message: `can't be read as YAML: ${error instanceof Error ? error.message : String(error)}` })
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** One mistake confuses what follows it. */
const mostErrors = 3

function firstOfEach(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.toReversed().map((problem) => [problem.place, problem])).values()].toReversed().slice(0, mostErrors)
}

/** The parser's own words address programmers. */
function describeError({ code, message }: YAMLError): string {
  if (code === 'MULTIPLE_DOCS') return 'a second document begins: a bezel.yml holds one'
  if (code === 'DUPLICATE_KEY') return 'not valid YAML: this key stands here for the second time'
  if (code === 'TAB_AS_INDENT') return 'not valid YAML: a line is indented by a tab; use spaces'
  if (code === 'BLOCK_AS_IMPLICIT_KEY')
    return 'not valid YAML: no key can stand here; indent it as its neighbours are, and put a text that holds a colon into quotes'
  return `not valid YAML: ${message}`
}

/** An alias whose anchor stands nowhere before it. */
function findDangling(document: Document): { readonly offset: number; readonly source: string } | null {
  let found: { offset: number; source: string } | null = null
  visit(document, {
    Alias(_key, node) {
      if (node.resolve(document) !== undefined) return undefined
      found = { offset: rangeStart(node) ?? 0, source: node.source }
      return visit.BREAK
    },
  })
  return found
}

function failed(...problems: readonly Problem[]): { readonly file: null; readonly problems: readonly Problem[] } {
  return { file: null, problems }
}

function offsetOf(document: Document, path: readonly (string | number)[], part: 'key' | 'value'): number {
  let node: unknown = document.contents
  let offset = rangeStart(node) ?? 0
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document)
    const last = depth === path.length - 1
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => (isScalar(key) ? String(key.value) : key) === String(step))
      if (pair === undefined) return offset
      offset = rangeStart(pair.key) ?? offset
      if (last && part === 'key') return offset
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(step)]
    } else return offset
    offset = rangeStart(node) ?? offset
  }
  return offset
}

function rangeStart(node: unknown): number | null {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? (node.range?.[0] ?? null) : null
}
