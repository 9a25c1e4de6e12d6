/** Bundler's names of platforms on which CRuby for Linux or macOS never runs (lib/bundler/current_ruby.rb). */
const other = /^(?:jruby|rbx|maglev|truffleruby|mswin(?:64)?|mingw|x64_mingw|windows)(?:_\d+)?$/

/** Whether a gem for these platforms is for others only; false where they can't be told. */
export function areOthers(platforms: readonly string[] | null): boolean {
  return platforms !== null && platforms.length > 0 && platforms.every((name) => other.test(name))
}
