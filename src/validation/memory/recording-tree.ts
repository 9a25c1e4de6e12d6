import type { FileFacts, FileTree, FileTrouble, Kind, OpenFile } from '../files/file-tree.ts'
import { stampOf, type Footprint } from './footprint.ts'

/** Passes everything on to another tree, and notes each path that is asked for as it was when it was first asked for. */
export class RecordingTree implements FileTree {
  readonly #tree: FileTree
  readonly #stamps = new Map<string, string>()

  constructor(tree: FileTree) {
    this.#tree = tree
  }

  get footprint(): Footprint {
    return this.#stamps
  }

  realPath(path: string): string | null {
    this.#note(path)
    return this.#tree.realPath(path)
  }

  kind(path: string): Kind | null {
    this.#note(path)
    return this.#tree.kind(path)
  }

  facts(path: string): FileFacts | null {
    const facts = this.#tree.facts(path)
    if (!this.#stamps.has(path)) this.#stamps.set(path, stampOf(facts))
    return facts
  }

  list(path: string): ReturnType<FileTree['list']> {
    this.#note(path)
    return this.#tree.list(path)
  }

  names(path: string): readonly string[] {
    this.#note(path)
    return this.#tree.names(path)
  }

  text(path: string, maxBytes?: number): string | null {
    this.#note(path)
    return this.#tree.text(path, maxBytes)
  }

  open(path: string): OpenFile | null {
    this.#note(path)
    return this.#tree.open(path)
  }

  shown(path: string): string {
    return this.#tree.shown(path)
  }

  troubles(): readonly FileTrouble[] {
    return this.#tree.troubles()
  }

  /** Before it is read, so that a change meanwhile shows. */
  #note(path: string): void {
    if (!this.#stamps.has(path)) this.#stamps.set(path, stampOf(this.#tree.facts(path)))
  }
}
