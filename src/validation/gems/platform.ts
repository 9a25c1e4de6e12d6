/**
 * Whether a gem for one platform may be used on another, as `Gem::Platform#===` decides: same processor and system; a gem that names
 * no C library is taken on every Linux, musl too, where it seldom works (lib/rubygems/platform.rb).
 */
export function fitsPlatform(gem: string, local: string): boolean {
  const mine = parts(gem)
  const theirs = parts(local)
  const cpuFits = mine.cpu === theirs.cpu || mine.cpu === 'universal' || (mine.cpu === 'arm' && theirs.cpu.startsWith('armv'))
  return cpuFits && mine.os === theirs.os && (mine.os !== 'linux' || mine.libc === null || mine.libc === (theirs.libc ?? 'gnu'))
}

/** Whether two names stand for one platform: RubyGems before 3.3.22 left `gnu` out. */
export function isSamePlatform(one: string, other: string): boolean {
  const [left, right] = [parts(one), parts(other)]
  return left.cpu === right.cpu && left.os === right.os && (left.libc ?? 'gnu') === (right.libc ?? 'gnu')
}

/** Processor, system and C library (`gnu`, `musl`; null when not named) of a RubyGems platform. */
export function parts(platform: string): { readonly cpu: string; readonly os: string; readonly libc: string | null } {
  const [cpu = '', os = '', abi = ''] = platform.split('-')
  // `gnueabihf` of 32-bit ARM is `gnu` to RubyGems, and `eabihf` nothing.
  const libc = abi.replace(/eabi(?:hf)?$/, '')
  const system = os.startsWith('darwin') ? 'darwin' : os
  return { cpu: cpu === 'arm64' && system === 'linux' ? 'aarch64' : cpu, os: system, libc: libc === '' || system !== 'linux' ? null : libc }
}
