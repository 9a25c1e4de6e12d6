import { closestName } from './closest-name.ts'
import type { Kind } from './kinds.ts'
import { showValue, type Problem } from './problem.ts'
import { isSecretName } from '../redact.ts'
import { isRecord } from './yaml-file.ts'

/** A value as it was written, before it is checked. */
export interface Written {
  readonly raw: unknown
  /** Where a message points; `path` leads into a structure. */
  place(path: readonly (string | number)[], part: 'key' | 'value'): string
}

/** What a check by zod says; the words are bezel's own. */
interface Issue {
  readonly path: readonly PropertyKey[]
  readonly code?: string | undefined
  readonly keys?: readonly string[] | undefined
}

/** What is wrong with the value of one option: the value itself, and what is allowed. */
export function describeValueProblems(
  name: string,
  { kind, secret = false }: { readonly kind: Kind<unknown>; readonly secret?: boolean },
  written: Written,
  issues: readonly Issue[],
): Problem[] {
  const { parts, shape, suggest } = kind
  const inside = parts === undefined ? [] : issues.flatMap((issue) => describeInside(name, parts, written, issue))
  if (inside.length > 0) return inside
  const { raw } = written
  const value = secret ? 'the value' : showValue(raw)
  const meant = secret ? null : (suggest?.(raw) ?? (typeof raw === 'string' ? closestName(raw, kind.choices) : null))
  return [{ place: written.place([], 'value'), message: `${name}: ${value} is not ${shape}${didYouMean(meant)}` }]
}

function describeInside(name: string, parts: Readonly<Record<string, string>>, written: Written, issue: Issue): Problem[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
  const known = Object.keys(parts).filter((key) => key !== '')
  if (issue.code === 'unrecognized_keys')
    return (issue.keys ?? []).map((key) => ({
      place: written.place([...path, key], 'key'),
      message: `${whole(name, [...path, key])} is not known${didYouMean(closestName(key, known)) || `; known are ${known.join(', ')}`}`,
    }))
  const last = path.at(-1)
  if (last === undefined) return []
  const here = whole(name, path)
  if (issue.code === 'invalid_key')
    return [{ place: written.place(path, 'key'), message: `${here}: ${showValue(last)} is not a name of letters, digits and underscores` }]
  const value = valueAt(written.raw, path)
  const shape = parts[typeof last === 'number' ? '' : last] ?? parts[''] ?? null
  if (shape === null) return []
  return [
    {
      place: written.place(path, 'value'),
      message:
        value === undefined
          ? `${here} is missing: ${shape}`
          : `${here}: ${isSecretName(String(last)) ? 'the value' : showValue(value)} is not ${shape}`,
    },
  ]
}

/** `ignore (entry 1).until`: people count a list from 1. */
function whole(name: string, path: readonly (string | number)[]): string {
  return path.reduce<string>((so, step) => (typeof step === 'number' ? `${so} (entry ${step + 1})` : `${so}.${step}`), name)
}

function valueAt(raw: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((value, step) => {
    if (Array.isArray(value)) return value[Number(step)]
    return isRecord(value) && Object.hasOwn(value, step) ? value[step] : undefined
  }, raw)
}

export function didYouMean(name: string | null): string {
  return name === null ? '' : `; did you mean ${name}?`
}
