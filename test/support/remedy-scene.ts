import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { DiskTree } from '../../src/validation/files/disk-tree.ts'
import type { InstalledGem } from '../../src/validation/gems/installed-gem.ts'
import type { Mend } from '../../src/validation/observation.ts'
import { chooseRemedy } from '../../src/validation/remedies/choose-remedy.ts'
import { rootInside, toPlace, type Typist } from '../../src/validation/remedies/place.ts'
import { toRuntime } from '../../src/validation/runtime/runtime.ts'

/** The file system of the scene; a new one for each test. */
export let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bezel-place-'))
})
afterEach(() => rmSync(root, { recursive: true }))

export function put(path: string, text = ''): void {
  mkdirSync(join(root, dirname(path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

const systems = {
  debian: 'ID=debian\nVERSION_ID="12"\n',
  alpine: 'ID=alpine\nVERSION_ID=3.20.3\n',
  fedora: 'ID=fedora\nVERSION_ID=42\n',
  rocky: 'ID="rocky"\nID_LIKE="rhel centos fedora"\n',
  macos: null,
} as const

interface Scene {
  readonly system: keyof typeof systems
  /** The os-release, where it isn't the system's usual one. */
  readonly release: string
  readonly ruby: string
  readonly bundled: boolean
  /** Whether a C compiler is there. */
  readonly compiler: boolean
  readonly typist: Partial<Typist>
}

/** The remedy of an app in `/srv/my app` on a system with Ruby 3.1.2 and its Bundler. */
export function remedy(mend: Mend, scene: Partial<Scene> = {}, gem: Partial<InstalledGem> | null = {}): string[] {
  const { system = 'debian', ruby = '/usr/bin/ruby3.1', bundled = true, typist = {}, release = systems[system], compiler = true } = scene
  if (release !== null) put('/etc/os-release', release)
  put(ruby)
  put(join(dirname(ruby), 'bundle'))
  if (compiler) put('/usr/bin/gcc')
  put('/var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages')
  const config = new Map([
    ['MAJOR', '3'],
    ['MINOR', '1'],
    ['TEENY', '2'],
    ['ruby_version', '3.1.0'],
    ['ENABLE_SHARED', 'yes'],
    ['DLEXT', system === 'macos' ? 'bundle' : 'so'],
    ['arch', system === 'macos' ? 'arm64-darwin23' : 'x86_64-linux'],
  ])
  const tree = new DiskTree(root)
  const place = toPlace(tree, '/srv/my app', bundled, toRuntime(config, ruby, []), { ...rootInside, typesJudgedRuby: true, ...typist })
  return chooseRemedy(place, gem === null ? null : { ...bcrypt, ...gem }, mend)
}

export const home = '/srv/my app/vendor/bundle/ruby/3.1.0'
const bcrypt: InstalledGem = {
  name: 'bcrypt',
  version: '3.1.20',
  platform: 'ruby',
  origin: 'gem',
  fullName: 'bcrypt-3.1.20',
  home,
  folder: `${home}/gems/bcrypt-3.1.20`,
  requireFolders: [`${home}/gems/bcrypt-3.1.20/lib`],
  extensionsRoot: `${home}/extensions`,
  declaresExtensions: true,
  requiredRubyVersion: null,
  specPath: `${home}/specifications/bcrypt-3.1.20.gemspec`,
  packagedFiles: null,
  lacks: null,
}
