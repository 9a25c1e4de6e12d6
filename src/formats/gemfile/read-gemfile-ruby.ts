import { readBlocks } from './read-blocks.ts'
import { alone } from './surroundings.ts'

/** What the Gemfile's `ruby` line asks for. */
export type GemfileRuby =
  | { readonly tag: 'Requirement'; readonly parts: readonly string[]; readonly line: number }
  | { readonly tag: 'File'; readonly path: string; readonly line: number }
  /** Computed by Ruby code, or asked under a condition: only Ruby itself can tell. */
  | { readonly tag: 'Computed'; readonly line: number }
  | { readonly tag: 'Absent' }

/** Reads the `ruby` line of a Gemfile as far as it is plain text (Bundler's lib/bundler/ruby_dsl.rb); the last one counts. */
export function readGemfileRuby(text: string): GemfileRuby {
  let found: GemfileRuby = { tag: 'Absent' }
  for (const { text: statement, line, blocks } of readBlocks(text, alone)) {
    const rest = /^ruby(?:[ \t]+|[ \t]*\([ \t]*)(.*)$/.exec(statement)?.[1]
    if (rest === undefined || rest.startsWith('=')) continue
    if (blocks.some(({ narrows }) => narrows) || /[ \t)](?:if|unless)\b/.test(rest)) return { tag: 'Computed', line }
    found = readAsked(rest, line)
  }
  return found
}

function readAsked(rest: string, line: number): GemfileRuby {
  const file = /^(?::file[ \t]*=>|file:)[ \t]*["']([^"']+)["']/.exec(rest)?.[1]
  if (file !== undefined) return { tag: 'File', path: file, line }
  const parts = /^\[?[ \t]*((?:["'][^"'#]*["'][ \t]*,?[ \t]*)+)/.exec(rest)?.[1]
  if (parts === undefined) return { tag: 'Computed', line }
  return { tag: 'Requirement', parts: [...parts.matchAll(/["']([^"']+)["']/g)].map(([, part = '']) => part.trim()), line }
}
