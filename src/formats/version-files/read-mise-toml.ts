import { rubyOf } from './ruby-of.ts'

/** Ten times what any team has written by hand. */
const maxCharacters = 64 * 1024
/** Of one value. */
const maxValueCharacters = 2_048
const header = /^\[{1,2}([^\]\n]+)\]{1,2}/
const pair = /^([\w.:"' \t-]+?)[ \t]*=[ \t]*/
/** A text; the first of a list of them, which may go on over several lines; the `version` of a table, or of the first of a list of them. */
const first = /^(?:\[(?:\s|#[^\n]*\n)*)?(?:\{[^}]*?\bversion[ \t]*=[ \t]*)?["']([^"'\n]+)["']/
/** `tools = { ruby = "3.3" }`. */
const inlineTools = /^\{[^}\n]*?["']?\bruby["']?[ \t]*=[ \t]*(.*)/

/** Ruby version of a `mise.toml`, in whichever way TOML lets it be written (mise's documentation, "Tools"; toml.io, "Keys" and "Tables"). */
export function readMiseToml(text: string): string | null {
  const bounded = text.slice(0, maxCharacters)
  let table = ''
  for (let at = 0, end = 0; at < bounded.length; at = end + 1) {
    end = bounded.indexOf('\n', at)
    if (end === -1) end = bounded.length
    const line = bounded.slice(at, end)
    const indent = line.length - line.trimStart().length
    const named = header.exec(line.slice(indent))?.[1]
    const [head = '', key] = named === undefined ? (pair.exec(line.slice(indent)) ?? []) : []
    if (named !== undefined) table = plain(named)
    if (key === undefined) continue
    const name = table === '' ? plain(key) : `${table}.${plain(key)}`
    const value = valueOf(name, bounded.slice(at + indent + head.length, at + indent + head.length + maxValueCharacters))
    if (value !== null) return rubyOf(value)
  }
  return null
}

/** `tools . "core:ruby"` is `tools.ruby`. */
function plain(key: string): string {
  return key
    .split('.')
    .map((part) =>
      part
        .trim()
        .replaceAll(/["']/g, '')
        .replace(/^core:/, ''),
    )
    .join('.')
}

function valueOf(name: string, rest: string): string | null {
  if (name === 'tools.ruby' || name === 'tools.ruby.version') return first.exec(rest)?.[1] ?? null
  return name === 'tools' ? (first.exec(inlineTools.exec(rest)?.[1] ?? '')?.[1] ?? null) : null
}
