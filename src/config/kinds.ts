import * as z from 'zod'
import { sizeSpellings, suggestUnit, timeSpellings } from './suggest-unit.ts'

/** How one option's value is written, checked and shown. */
export interface Kind<Value> {
  /** From what YAML or `fromText` gives to the value that the program uses. */
  readonly schema: z.ZodType<Value>
  /** Ends the sentence "… is not …". */
  readonly shape: string
  /** Short form for `--help`: `N`, `30s`, `on|off`. */
  readonly placeholder: string
  /** Every allowed spelling, where they can be counted: for did-you-mean. */
  readonly choices: readonly string[]
  /** What was probably meant by a value that is not allowed; null: nobody knows. */
  readonly suggest?: (raw: unknown) => string | null
  /** Of a structure: the shape of what stands below each of its keys; below any other key or in a list, that of ''. */
  readonly parts?: Readonly<Record<string, string>>
  /** What a flag or a variable says, as YAML would have given it. */
  fromText(text: string): unknown
  /** As it would stand in bezel.yml, in JSON's types. */
  show(value: Value): unknown
}

const msPerUnit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const bytesPerUnit = { B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 } as const
type DurationUnit = keyof typeof msPerUnit
type SizeUnit = keyof typeof bytesPerUnit

/** How else people say on and off; YAML 1.1 did. */
const otherSwitches: Readonly<Record<string, string>> = {
  yes: 'on',
  y: 'on',
  enabled: 'on',
  '1': 'on',
  no: 'off',
  n: 'off',
  disabled: 'off',
  '0': 'off',
  none: 'off',
}

const same = (text: string): unknown => text

/** A whole number within its bounds. */
export function integer(min: number, max: number): Kind<number> {
  return {
    schema: z.int().min(min).max(max),
    shape: `a whole number from ${min} to ${max}`,
    placeholder: 'N',
    choices: [],
    suggest: (raw) =>
      typeof raw === 'string' && /^\d{1,15}$/.test(raw) && Number(raw) >= min && Number(raw) <= max ? `${raw}, without quotes` : null,
    fromText: (text) => (/^-?\d{1,15}$/.test(text.trim()) ? Number(text) : text),
    show: (value) => value,
  }
}

/** A share from 0 to 1. */
export function ratio(): Kind<number> {
  return {
    schema: z.number().min(0).max(1),
    shape: 'a number from 0 to 1',
    placeholder: '0..1',
    choices: [],
    fromText: (text) => (/^\d(\.\d+)?$/.test(text.trim()) ? Number(text) : text),
    show: (value) => value,
  }
}

/** Milliseconds, written `500ms`, `30s`, `2m`, `1h`, `1d`. A bare number is refused: it would be read as the wrong unit by half of us. */
export function duration(minMs: number, maxMs: number): Kind<number> {
  const schema = z
    .string()
    .regex(/^\d{1,9}(\.\d{1,3})?(ms|s|m|h|d)$/)
    .transform((text) => Math.round(Number.parseFloat(text) * msPerUnit[text.replace(/[\d.]+/, '') as DurationUnit]))
    .refine((ms) => ms >= minMs && ms <= maxMs)
  return {
    schema,
    suggest: (raw) => suggestUnit(raw, timeSpellings, ['s', 'ms'], (text) => schema.safeParse(text).success),
    shape: `a duration from ${showDuration(minMs)} to ${showDuration(maxMs)}, such as 500ms, 30s or 2m`,
    placeholder: 'TIME',
    choices: [],
    fromText: same,
    show: showDuration,
  }
}

/** Bytes, written `64KB`, `512MB`, `2GB`; 1 KB is 1,024 bytes. */
export function size(minBytes: number, maxBytes: number): Kind<number> {
  const schema = z
    .string()
    .regex(/^\d{1,9}(\.\d{1,3})?(B|KB|MB|GB)$/i)
    .transform((text) => Math.round(Number.parseFloat(text) * bytesPerUnit[text.replace(/[\d.]+/, '').toUpperCase() as SizeUnit]))
    .refine((bytes) => bytes >= minBytes && bytes <= maxBytes)
  return {
    schema,
    suggest: (raw) => suggestUnit(raw, sizeSpellings, ['MB'], (text) => schema.safeParse(text).success),
    shape: `a size from ${showSize(minBytes)} to ${showSize(maxBytes)}, such as 64KB, 512MB or 2GB`,
    placeholder: 'SIZE',
    choices: [],
    fromText: same,
    show: showSize,
  }
}

export function choice<const Names extends readonly [string, ...string[]]>(...names: Names): Kind<Names[number]> {
  return {
    schema: z.enum(names),
    shape: `one of ${names.join(', ')}`,
    // What doesn't fit beside its flag stands in the help text.
    placeholder: names.length <= 4 ? names.join('|') : 'NAME',
    choices: names,
    fromText: same,
    show: (value) => value,
  }
}

/** `on` or `off`; YAML's `true` and `false` are the same. */
export function onOff(): Kind<boolean> {
  return {
    schema: z.union([z.boolean(), z.enum(['on', 'off', 'true', 'false']).transform((word) => word === 'on' || word === 'true')]),
    shape: 'on or off',
    placeholder: 'on|off',
    choices: ['on', 'off'],
    suggest: (raw) => otherSwitches[String(raw).toLowerCase()] ?? null,
    fromText: same,
    show: (value) => (value ? 'on' : 'off'),
  }
}

/** One line of text that matches a pattern. */
export function text(placeholder: string, shape: string, pattern = /^[^\0\r\n]{1,4096}$/): Kind<string> {
  return { schema: z.string().regex(pattern), shape, placeholder, choices: [], fromText: same, show: (value) => value }
}

/** Several of one kind: a YAML list, or separated by commas in a flag or variable. */
export function list<Value>(item: Kind<Value>, shape: string): Kind<readonly Value[]> {
  return {
    schema: z.array(item.schema).max(256).readonly(),
    shape,
    placeholder: `${item.placeholder},…`,
    choices: item.choices,
    fromText: (text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '')
        .map((part) => item.fromText(part)),
    show: (values) => values.map((value) => item.show(value)),
  }
}

/** A value, or null: none, or left to detection. The word for null is `word`. */
export function orNone<Value>(kind: Kind<Value>, word: 'none' | 'auto'): Kind<Value | null> {
  return {
    schema: z.union([z.literal(word).transform(() => null), z.null(), kind.schema]),
    shape: `${kind.shape}, or ${word}`,
    placeholder: kind.placeholder,
    choices: kind.choices.length > 0 ? [...kind.choices, word] : [],
    ...(kind.suggest === undefined ? {} : { suggest: kind.suggest }),
    fromText: (text) => (text === word ? word : kind.fromText(text)),
    show: (value) => (value === null ? word : kind.show(value)),
  }
}

/** A structure that only bezel.yml can hold. Its problems are told at their place inside it. */
export function structure<Value>(schema: z.ZodType<Value>, shape: string, parts: Readonly<Record<string, string>>): Kind<Value> {
  return { schema, shape, parts, placeholder: '', choices: [], fromText: same, show: (value) => value }
}

function showDuration(ms: number): string {
  const units: readonly DurationUnit[] = ['d', 'h', 'm', 's']
  const unit = units.find((unit) => ms >= msPerUnit[unit] && ms % msPerUnit[unit] === 0) ?? 'ms'
  return `${ms / msPerUnit[unit]}${unit}`
}

function showSize(bytes: number): string {
  const units: readonly SizeUnit[] = ['GB', 'MB', 'KB']
  const unit = units.find((unit) => bytes >= bytesPerUnit[unit] && bytes % bytesPerUnit[unit] === 0) ?? 'B'
  return `${bytes / bytesPerUnit[unit]}${unit}`
}
