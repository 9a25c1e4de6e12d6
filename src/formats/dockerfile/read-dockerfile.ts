import { Copy, DockerfileParser, From } from 'dockerfile-ast'

export interface DockerInstruction {
  /** In capitals: `RUN`, `COPY`, `ENV`, … */
  readonly keyword: string
  /** Counted from 1. */
  readonly line: number
  /** Words with build arguments and variables put in as far as the file itself knows them; flags left out. */
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

const maxCharacters = 1024 * 1024

/** Reads a Dockerfile into its stages (Docker's "Dockerfile reference"). */
export function readDockerfile(text: string): Dockerfile | MalformedDockerfile {
  if (text.length > maxCharacters) return { tag: 'Malformed', line: 1, why: `longer than ${maxCharacters} characters` }
  try {
    const stages = readStages(text)
    return stages.length === 0 ? { tag: 'Malformed', line: 1, why: 'no FROM: not a Dockerfile' } : { tag: 'Dockerfile', stages }
  } catch (error) {
    // dockerfile-ast 0.7 overflows the stack on some variables that stand before any FROM, and throws on others.
    return { tag: 'Malformed', line: 1, why: `not understood (${error instanceof Error ? error.message : 'unknown'})` }
  }
}

function readStages(text: string): DockerStage[] {
  const stages: (DockerStage & { instructions: DockerInstruction[] })[] = []
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    const line = (instruction.getRange()?.start.line ?? 0) + 1
    const words = instruction.getExpandedArguments().map((argument) => argument.getValue())
    if (instruction instanceof From) {
      stages.push({
        index: stages.length,
        name: instruction.getBuildStage(),
        image: words[0] ?? '',
        platform: instruction.getPlatformFlag()?.getValue() ?? null,
        line,
        instructions: [],
      })
      continue
    }
    const from = instruction instanceof Copy ? (instruction.getFromFlag()?.getValue() ?? null) : null
    stages.at(-1)?.instructions.push({ keyword: instruction.getKeyword(), line, words, from })
  }
  return stages
}
