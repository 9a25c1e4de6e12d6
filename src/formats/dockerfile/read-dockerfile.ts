import { DockerfileParser, From, ModifiableInstruction } from 'dockerfile-ast'
import { declare, expand, unquoted, type Variables } from './variables.ts'

export interface DockerInstruction {
  /** In capitals: `RUN`, `COPY`, `ENV`, … */
  readonly keyword: string
  /** Counted from 1. */
  readonly line: number
  /** Words with build arguments and variables put in as far as the file itself knows them; flags left out, quotes kept. */
  readonly words: readonly string[]
  /** `--from` of a COPY; null: the build context. */
  readonly from: string | null
}

export interface DockerStage {
  readonly index: number
  /** `AS` name; null when it has none. */
  readonly name: string | null
  /** `ruby:3.3-slim`, or the name of an earlier stage. */
  readonly image: string
  readonly platform: string | null
  readonly line: number
  readonly instructions: readonly DockerInstruction[]
}

export interface Dockerfile {
  readonly tag: 'Dockerfile'
  /** `ARG` before the first `FROM` are already put in. */
  readonly stages: readonly DockerStage[]
}

export interface MalformedDockerfile {
  readonly tag: 'Malformed'
  readonly line: number
  readonly why: string
}

/** The largest that generators write stay below 40 KB. */
const maxCharacters = 64 * 1024
const maxStages = 200
/** A name with its registry, tag and digest (distribution/reference). */
const maxImageCharacters = 512

/** Reads a Dockerfile into its stages (Docker's "Dockerfile reference"). */
export function readDockerfile(text: string): Dockerfile | MalformedDockerfile {
  if (text.length > maxCharacters) return { tag: 'Malformed', line: 1, why: `longer than ${maxCharacters} characters` }
  try {
    const stages = readStages(text)
    return stages.length === 0 ? { tag: 'Malformed', line: 1, why: 'no FROM: not a Dockerfile' } : { tag: 'Dockerfile', stages }
  } catch (error) {
    // dockerfile-ast 0.7 throws on some nonsense.
    return { tag: 'Malformed', line: 1, why: `not understood (${error instanceof Error ? error.message : 'unknown'})` }
  }
}

function readStages(text: string): DockerStage[] {
  const stages: (DockerStage & { instructions: DockerInstruction[] })[] = []
  const outer: Variables = new Map()
  /** What each stage has declared, for those that build upon it. */
  const declared = new Map<string, Variables>()
  let variables = outer
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    const line = (instruction.getRange()?.start.line ?? 0) + 1
    const keyword = instruction.getKeyword()
    const words = instruction.getArguments().map((argument) => argument.getValue())
    const flag = (name: string) => {
      const found =
        instruction instanceof ModifiableInstruction ? instruction.getFlags().find((each) => each.getName() === name) : undefined
      return found === undefined ? null : expand(found.getValue() ?? '', variables)
    }
    if (instruction instanceof From) {
      variables = outer
      const image = expand(unquoted(words[0] ?? ''), outer).slice(0, maxImageCharacters)
      if (stages.length === maxStages) throw new Error(`more than ${maxStages} stages`)
      const name = instruction.getBuildStage()
      stages.push({ index: stages.length, name, image, platform: flag('platform'), line, instructions: [] })
      variables = new Map(declared.get(image.toLowerCase()))
      if (name !== null) declared.set(name.toLowerCase(), variables)
      continue
    }
    if (keyword === 'ARG' || keyword === 'ENV') declare(keyword, words, variables, outer)
    // The shell of a RUN puts its own variables in, the file's among them.
    const expanded = words.map((word) => expand(word, variables))
    stages.at(-1)?.instructions.push({ keyword, line, words: expanded, from: flag('from') })
  }
  return stages
}
