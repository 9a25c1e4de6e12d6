import { posix } from 'node:path'
import type { Dockerfile, DockerInstruction, DockerStage } from '../../formats/dockerfile/read-dockerfile.ts'
import { baseOf, readImage, type Base } from './base-image.ts'
import { gemPlacesOf } from './gem-places.ts'

/** Folders that hold built gems, in the official images and by Bundler's habits. */
const gemFolders = /(?:^|\/)(?:bundle|gems|vendor|\.bundle)(?:\/|$)|\/usr\/local\/lib\/ruby/

/** A COPY that takes gems from one stage, or image, into another. */
export interface GemCopy {
  readonly line: number
  readonly stage: DockerStage
  /** Null for an image that is no stage of the file. */
  readonly source: DockerStage | null
  readonly theirs: Base
  readonly mine: Base
}

export function gemCopiesOf(file: Dockerfile): GemCopy[] {
  return file.stages.flatMap((stage) =>
    stage.instructions.flatMap((instruction) => {
      const { from, line } = instruction
      if (from === null) return []
      const source =
        file.stages.find(
          ({ index, name }) => index < stage.index && (name?.toLowerCase() === from.toLowerCase() || String(index) === from),
        ) ?? null
      if (!takesGems(file, stage, instruction, source)) return []
      const mine = baseOf(file, stage)
      return [{ line, stage, source, mine, theirs: source === null ? readImage(from) : baseOf(file, source) }]
    }),
  )
}

/** A folder of gems by its name; or one that holds it, unless the stage installs its gems after all. */
function takesGems(file: Dockerfile, stage: DockerStage, { words, line }: DockerInstruction, source: DockerStage | null): boolean {
  const paths = words.slice(0, -1).map((word) => word.replace(/^\[?"|"?[\],]*$/g, ''))
  if (paths.some((path) => gemFolders.test(path))) return true
  if (source === null) return false
  const places = [...gemPlacesOf(file, source).places]
  const holds = paths.some((path) => {
    const folder = posix.resolve('/', path.replace(/\/\*$/, ''))
    return places.some((place) => folder === '/' || place === folder || place.startsWith(`${folder}/`))
  })
  const installsLater = () =>
    stage.instructions.some(
      (each) => each.keyword === 'RUN' && each.line > line && /\bbundle (?:install|pristine)\b/.test(each.words.join(' ')),
    )
  return holds && !installsLater()
}
