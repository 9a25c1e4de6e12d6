import owners from '../../../data/known-causes/extensions.json' with { type: 'json' }
import { baseName, checkoutOfPath, gemOfPath, isGemName, standardExtension } from './gem-path.ts'

/** A gem, with how it was recognised: `path` names it itself, `name` is the file's or symbol's well-known owner. */
export interface Owner {
  readonly gem: string
  readonly version: string | null
  readonly by: 'path' | 'name'
}

const extensions = new Map(Object.entries(owners.extensions))
const methods = new Map(Object.entries(owners.methods))
const libraries = owners.libraries.map(([form = '', gem = '']) => ({ form: new RegExp(form), gem }))
const symbols = owners.symbols.map(([form = '', gem = '']) => ({ form: new RegExp(form), gem }))
const servers = new Set(owners.servers)
const loaders = new Set(owners.loaders)
const instrumenting = new Set(owners.instrumenting)
const pureGems = new Set(owners.pure)
const nativeGems = new Set([...extensions.values(), ...libraries.map(({ gem }) => gem), ...owners.ffiUsers])

/** The gem that owns a compiled file: by its folder, else by its name. Null for Ruby's encodings and for anything unknown. */
export function ownerOfFile(path: string): Owner | null {
  const placed = gemOfPath(path)
  if (placed !== null) return { gem: placed.gem, version: placed.version, by: 'path' }
  const standard = standardExtension(path)
  if (standard !== null) {
    if (standard.startsWith('enc/')) return null
    const gem = extensions.get(standard) ?? extensions.get(baseName(standard)) ?? standard.split('/')[0]
    return gem === undefined || !isGemName(gem) ? null : { gem, version: null, by: 'path' }
  }
  const known = ownerOfFeature(path.replace(/\.(?:so|bundle|dylib|dll)[\d.]*$/, ''))
  if (known !== null) return known
  const checkout = checkoutOfPath(path)
  return checkout === null ? null : { gem: checkout, version: null, by: 'name' }
}

/** The gem of a feature as `require` names it: `pg_ext`, `google/3.3/protobuf_c`. */
export function ownerOfFeature(feature: string): Owner | null {
  // `google/3.3/protobuf_c`, `oci8lib_330`, `grpc_c.64-ucrt.ruby`: for one Ruby each.
  const plain = feature
    .replace(/\.(?:so|bundle)$/, '')
    .replace(/\/\d+\.\d+(?=\/)/, '')
    .replace(/^\d+\.\d+\//, '')
    .replace(/_\d{2,3}$|\.\d{2}(?:-\w+)?(?:\.ruby)?$/, '')
  const gem = extensions.get(plain) ?? extensions.get(baseName(plain))
  return gem === undefined ? null : { gem, version: null, by: 'name' }
}

/** The gem that a C library mostly serves: `libpq.so.5` is `pg`'s. */
export function gemOfLibrary(library: string): string | null {
  const name = baseName(library)
  // ffi tries a name as it is before it adds `lib`.
  return (libraries.find(({ form }) => form.test(name)) ?? libraries.find(({ form }) => form.test(`lib${name}`)))?.gem ?? null
}

export function gemOfSymbol(symbol: string): string | null {
  const bare = symbol.replace(/^_+/, '')
  return symbols.find(({ form }) => form.test(bare))?.gem ?? null
}

export function gemOfMethod(method: string): string | null {
  return methods.get(method) ?? gemOfSymbol(method)
}

/** Whether the gem is known to hold, or to drive, compiled code. */
export function isNativeGem(gem: string): boolean {
  return nativeGems.has(gem)
}

/** A gem that is known to hold Ruby code only, and stands in many backtraces. */
export function isPureGem(gem: string): boolean {
  return (
    pureGems.has(gem) ||
    /^(?:active|action|rspec-|rack-|faraday|minitest|devise|sprockets|capybara|aws-|google-(?!protobuf)|dry-)/.test(gem)
  )
}

/** A server that calls into Ruby for each request stands below everything, and is mostly innocent. */
export function isServerGem(gem: string): boolean {
  return servers.has(gem)
}

/** A gem that carries calls from Ruby to any C library. */
export function isBridgeGem(gem: string): boolean {
  return gem === 'ffi' || gem === 'fiddle'
}

/** A gem that hooks into the VM (TracePoint, profiling), and so can break it from Ruby code. */
export function isInstrumentingGem(gem: string): boolean {
  return instrumenting.has(gem)
}

/** A gem that only calls others' code: it stands in every backtrace. */
export function isLoaderGem(gem: string): boolean {
  return loaders.has(gem)
}
