import { posix } from 'node:path'
import type { Dockerfile, DockerInstruction, DockerStage } from '../../formats/dockerfile/read-dockerfile.ts'
import { baseOf, parentOf } from './base-image.ts'

/** `GEM_HOME` of the official images (hub.docker.com/_/ruby). */
const officialHome = '/usr/local/bundle'
/** Of one RUN: longer than any that a person wrote. */
const maxCharacters = 16 * 1024
const on = /^(?:true|1)$/
const configured = (name: string) => new RegExp(`\\bbundle config (?:set )?(?:--(?:local|global) )?${name} (\\S+)`, 'g')
const setting = { path: configured('path'), deployment: configured('deployment') }
const installing = /\b(?:bundle (?:install|update)|gem install)\b|\bbundle(?= *(?:$|&&|;))/

interface Work {
  folder: string
  readonly env: Map<string, string>
  readonly places: Set<string>
  installs: boolean
}

export interface GemPlaces {
  readonly places: ReadonlySet<string>
  /** Whether any are installed. */
  readonly installs: boolean
}

const known = new WeakMap<DockerStage, GemPlaces>()

/** Where the gems of a stage are, by its own instructions and those of the stages that it builds on. */
export function gemPlacesOf(file: Dockerfile, stage: DockerStage): GemPlaces {
  const places = known.get(stage) ?? readPlaces(file, stage)
  known.set(stage, places)
  return places
}

function readPlaces(file: Dockerfile, stage: DockerStage): GemPlaces {
  const work: Work = { folder: '/', env: new Map(), places: new Set(), installs: false }
  const home = baseOf(file, stage).rubyMinor === null ? null : officialHome
  for (const instruction of chainOf(file, stage)) follow(instruction, work, home)
  return work
}

function chainOf(file: Dockerfile, stage: DockerStage): readonly DockerInstruction[] {
  const parent = parentOf(file, stage)
  return [...(parent === null ? [] : chainOf(file, parent)), ...stage.instructions]
}

function follow({ keyword, words }: DockerInstruction, work: Work, home: string | null): void {
  const plain = words.map(unquoted)
  if (keyword === 'WORKDIR') work.folder = posix.resolve(work.folder, plain[0] ?? '')
  else if (keyword === 'ENV') readEnvironment(plain, work.env)
  else if (keyword === 'RUN') run(plain.join(' ').slice(0, maxCharacters), work, home)
}

/** `ENV NAME=value …`, and the older `ENV NAME value`. */
function readEnvironment(words: readonly string[], env: Map<string, string>): void {
  const [name = '', ...rest] = words
  if (!name.includes('=')) env.set(name, rest.join(' '))
  else for (const word of words) env.set(word.slice(0, word.indexOf('=')), unquoted(word.slice(word.indexOf('=') + 1)))
}

/** Bundler weighs its flags first, then what the app's configuration says, then the environment (lib/bundler/settings.rb). */
function run(line: string, work: Work, home: string | null): void {
  const { env } = work
  const last = (pattern: RegExp) => [...line.matchAll(pattern)].at(-1)?.[1] ?? null
  const path = last(setting.path)
  const deployment = last(setting.deployment)
  if (path !== null) env.set('config path', path)
  if (deployment !== null) env.set('config deployment', deployment)
  if (!installing.test(line)) return
  work.installs = true
  const folder = posix.resolve(work.folder, /\bcd (\S+)/.exec(line)?.[1] ?? '')
  const asked =
    /\binstall\b.* --path[ =](\S+)/.exec(line)?.[1] ??
    env.get('config path') ??
    /\bBUNDLE_PATH=(\S+)/.exec(line)?.[1] ??
    env.get('BUNDLE_PATH') ??
    (isDeployed(line, env) ? 'vendor/bundle' : / --standalone\b/.test(line) ? 'bundle' : home)
  if (asked !== null && !asked.includes('$')) work.places.add(posix.resolve(folder, asked))
}

function isDeployed(line: string, env: ReadonlyMap<string, string>): boolean {
  if (/ --deployment\b|\bBUNDLE_DEPLOYMENT=(?:true|1)\b/.test(line)) return true
  return on.test(env.get('config deployment') ?? env.get('BUNDLE_DEPLOYMENT') ?? '')
}

function unquoted(word: string): string {
  return word.replace(/^\[?["']|["'][\],]*$/g, '')
}
