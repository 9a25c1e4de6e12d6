import { namesIn } from './names-in.ts'
import { areOthers } from './other-platforms.ts'
import { readStatements, type Statement } from './read-statements.ts'
import { evaluatedPath, gemspecGems, type Surroundings } from './surroundings.ts'

/** A block that is open: whether what is inside is wanted there only, and its groups, null when they can't be told. */
export interface Block {
  readonly narrows: boolean
  /** Whether it narrows by more than a group: what is inside may not be asked for at all. */
  readonly isConditional: boolean
  readonly groups: readonly string[] | null
  /** Whether it names platforms, and none of them is this one. */
  readonly isForOthers: boolean
  /** Whether what is inside comes from no registry. */
  readonly isSource: boolean
}

export interface PlacedStatement extends Statement {
  /** Those around it, the outermost first; valid until the next statement is asked for. */
  readonly blocks: readonly Block[]
}

const plain: Block = { narrows: false, isConditional: false, groups: [], isForOthers: false, isSource: false }

/** `group :test do`, `platforms :jruby do`, …: what is inside is wanted there only. */
const narrowing = /^(?:group|platforms?|install_if|env)\b/
/** `path 'engines' do`, `git '…' do`, …: what is inside comes from there. */
const source = /^(?:git|github|gist|bitbucket|path)\b/
/** Statements that end with `end`; as modifiers behind a statement they open nothing. */
const compound = /^(?:[\w@$.]+[ \t]*(?:\|\|)?=[ \t]*)?(?:if|unless|case|while|until|begin|def|for|class|module)\b/
/** `def name(arguments) = expression`. */
const endless = /^def[ \t]+[\w.]+[?!]?(?:[ \t]*\([^)]*\))?[ \t]*=[ \t]/

const opensBlock = /(?:[ \t)]do|\{)(?:[ \t]*\|[^|]*\|)?$/
/** Files that evaluate each other end here. */
const maxDepth = 10

/** The statements of a Gemfile and of the files that it evaluates, and the blocks in which each stands. */
export function readBlocks(text: string, around: Surroundings): Iterable<PlacedStatement> {
  return readNested(text, around, [], maxDepth)
}

function* readNested(text: string, around: Surroundings, outer: readonly Block[], depth: number): Iterable<PlacedStatement> {
  const blocks = [...outer]
  for (const statement of readStatements(text)) {
    const { text: line, line: number } = statement
    yield { ...statement, blocks }
    const path = depth === 0 ? null : evaluatedPath(line)
    const evaluated = path === null ? null : around.evaluated(path)
    if (evaluated !== null) yield* readNested(evaluated.text, evaluated.around, blocks, depth - 1)
    for (const { text: gem, group } of gemspecGems(line, around))
      yield { text: gem, line: number, blocks: group === null ? blocks : [...blocks, { ...plain, narrows: true, groups: [group] }] }
    if (compound.test(line)) {
      if (!endless.test(line)) blocks.push({ ...plain, narrows: true, isConditional: true })
    } else if (opensBlock.test(line)) {
      const named = /^group\b/.test(line) ? namesIn(argumentsOf(line)) : []
      const narrows = narrowing.test(line) && !/:default\b/.test(line)
      blocks.push({
        narrows,
        isConditional: narrows && !/^group\b/.test(line),
        groups: named,
        isForOthers: isForOthers(line),
        isSource: source.test(line),
      })
    } else if (blocks.length > outer.length && /^(?:end\b|\})/.test(line)) blocks.pop()
  }
}

/** `platforms :jruby, :windows do`. */
function isForOthers(line: string): boolean {
  return /^platforms?\b/.test(line) && areOthers(namesIn(argumentsOf(line)))
}

function argumentsOf(line: string): string {
  return line.replace(/^\w+\b[ \t(]*|(?:do|\{)[ \t]*(?:\|[^|]*\|)?$/g, '')
}
