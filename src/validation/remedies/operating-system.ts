import type { PackageSystem } from './library-packages.ts'

export interface OperatingSystem {
  /** Whose packages it has; null when nobody can tell. */
  readonly packages: PackageSystem | null
  /** The release of Debian, also for the one that an Ubuntu was made from; null when it isn't said. */
  readonly debianRelease: number | null
}

/** By `ID`, `ID_LIKE` and `VERSION_ID` of os-release(5); macOS has none, and other names for extensions. */
export function readOperatingSystem(osRelease: string | null, extensionSuffix: string): OperatingSystem {
  if (extensionSuffix === 'bundle') return { packages: 'homebrew', debianRelease: null }
  const field = (name: string) => new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(osRelease ?? '')?.[1] ?? ''
  const id = field('ID')
  const ids = [id, ...field('ID_LIKE').split(' ')]
  const release = Number.parseInt(field('VERSION_ID'), 10)
  if (ids.includes('debian') || ids.includes('ubuntu')) return { packages: 'debian', debianRelease: toDebian(id, release) }
  if (ids.includes('alpine')) return { packages: 'alpine', debianRelease: null }
  return { packages: ids.includes('fedora') || ids.includes('rhel') ? 'fedora' : null, debianRelease: null }
}

/** Ubuntu's long-term releases of every second year are made from the next Debian: 20.04 from 11, 22.04 from 12. */
function toDebian(id: string, release: number): number | null {
  if (Number.isNaN(release)) return null
  if (id === 'debian') return release
  return id === 'ubuntu' ? 11 + Math.floor((release - 20) / 2) : null
}
