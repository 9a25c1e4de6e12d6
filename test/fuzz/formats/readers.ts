import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readBundlerConfig } from '../../../src/formats/bundler-config/read-bundler-config.ts'
import { readDockerfile } from '../../../src/formats/dockerfile/read-dockerfile.ts'
import { readSourceFolders } from '../../../src/formats/dwarf-line/read-source-folders.ts'
import { toByteSource } from '../../../src/formats/elf/byte-source.ts'
import { readAbiSystem, readBuildId } from '../../../src/formats/elf/notes.ts'
import { readElf } from '../../../src/formats/elf/read-elf.ts'
import { readSectionData, readSections } from '../../../src/formats/elf/sections.ts'
import { readDefinedVersions, readNeededVersions } from '../../../src/formats/elf/symbol-versions.ts'
import { exportsSymbol, readExports, readImports } from '../../../src/formats/elf/symbols.ts'
import { readGemfileGems } from '../../../src/formats/gemfile/read-gemfile-gems.ts'
import { readGemfileLock } from '../../../src/formats/gemfile-lock/read-gemfile-lock.ts'
import { readDependencies } from '../../../src/formats/gemspec/read-dependencies.ts'
import { readGemspec } from '../../../src/formats/gemspec/read-gemspec.ts'
import { readLoaderCache } from '../../../src/formats/ld-so/read-loader-cache.ts'
import { readLoaderConfig, readMuslPath } from '../../../src/formats/ld-so/read-loader-config.ts'
import { readMachO } from '../../../src/formats/macho/read-macho.ts'
import { readFixedPrefix, readRbConfig } from '../../../src/formats/rbconfig/read-rbconfig.ts'
import { readMiseToml } from '../../../src/formats/version-files/read-mise-toml.ts'
import { readGemfileRuby } from '../../../src/formats/gemfile/read-gemfile-ruby.ts'
import { readRubyVersionFile, readToolVersions } from '../../../src/formats/version-files/read-version-files.ts'

import { arm, intel, makeMachO, makeUniversal } from '../../support/make-mach-o.ts'
import { shapes, sharedObject } from '../../support/shared-object.ts'

export interface FuzzedReader {
  readonly name: string
  readonly seeds: readonly Buffer[]
  read(bytes: Buffer): void
}

function readWholeElf(bytes: Buffer): void {
  const elf = readElf(toByteSource(bytes))
  if (elf.tag !== 'Elf') return
  readImports(elf)
  readExports(elf, 'Init_')
  exportsSymbol(elf, 'Init_made')
  readNeededVersions(elf)
  readDefinedVersions(elf)
  readBuildId(elf)
  readAbiSystem(elf)
  const sections = readSections(elf)
  if ('tag' in sections) return
  const data = (name: string) => {
    const section = sections.find((each) => each.name === `.${name}` || each.name === `.z${name}`)
    const found = section === undefined ? null : readSectionData(elf, section)
    return found === null || 'tag' in found ? null : found
  }
  const line = data('debug_line')
  if (line !== null)
    readSourceFolders({ line, lineStrings: data('debug_line_str'), strings: data('debug_str'), littleEndian: elf.littleEndian })
}

/** The line tables of compiled files, apart from the files around them. */
function dwarfSeeds(files: readonly Buffer[]): Buffer[] {
  return files.flatMap((bytes) => {
    const elf = readElf(toByteSource(bytes))
    const sections = elf.tag === 'Elf' ? readSections(elf) : []
    const section = 'tag' in sections ? undefined : sections.find(({ name }) => name === '.debug_line')
    const data = section === undefined || elf.tag !== 'Elf' ? null : readSectionData(elf, section)
    return data === null || 'tag' in data ? [] : [Buffer.from(data.read(0, data.size))]
  })
}

function readLines(bytes: Buffer): void {
  const names = toByteSource(Buffer.from('/usr/include/ruby-3.3.0\0/src\0'.repeat(40)))
  for (const littleEndian of [true, false])
    readSourceFolders({ line: toByteSource(bytes), lineStrings: names, strings: names, littleEndian })
}

/** Small real files of each kind, made by this machine's compiler, and made ones of other word sizes and byte orders. */
function elfSeeds(): Buffer[] {
  const folder = mkdtempSync(join(tmpdir(), 'bezel-fuzz-'))
  const file = (name: string) => join(folder, name)
  try {
    writeFileSync(file('made.c'), '#include <stdio.h>\nint Init_made(void) { return puts("made"); }\n')
    const compiled = [
      ['-g', '-gdwarf-5'],
      ['-g', '-gdwarf-4', '-Wl,--hash-style=sysv'],
      ['-s', '-Wl,-rpath,$ORIGIN/lib'],
    ].map((flags, index) => {
      execFileSync('gcc', [...flags, '-shared', '-fPIC', '-Wl,--build-id=sha1', '-o', file(`${index}.so`), file('made.c')])
      return readFileSync(file(`${index}.so`))
    })
    const packed = ['zlib', 'zlib-gnu', 'zstd'].map((method) => {
      execFileSync('objcopy', [`--compress-debug-sections=${method}`, file('0.so'), file(`${method}.so`)])
      return readFileSync(file(`${method}.so`))
    })
    return [...compiled, ...packed, ...shapes.map((shape) => sharedObject(shape))]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Both processors, both byte orders, and an archive of two. */
function machSeeds(): Buffer[] {
  const needed = ['/opt/homebrew/lib/libruby.3.3.dylib']
  const thin = [arm, intel, { ...arm, little: false }].map((shape) => makeMachO(shape, needed))
  return [...thin, makeUniversal(thin.slice(0, 2)), makeUniversal(thin.slice(0, 2), true)]
}

function text(read: (value: string) => unknown): (bytes: Buffer) => void {
  return (bytes) => void read(bytes.toString('utf8'))
}

function found(...paths: readonly string[]): Buffer[] {
  return paths.filter((path) => existsSync(path)).map((path) => readFileSync(path).subarray(0, 64 * 1024))
}

export function fuzzedReaders(): FuzzedReader[] {
  const lock = Buffer.from(
    'GIT\n  remote: https://example.test/a.git\n  revision: 0123456789abcdef\n  specs:\n    a (1.0)\n      pg (>= 1)\n\nGEM\n  remote: https://rubygems.org/\n  specs:\n    pg (1.5.4)\n    pg (1.5.4-x86_64-linux)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  a!\n  pg (~> 1.5)\n\nCHECKSUMS\n  pg (1.5.4) sha256=aa\n\nRUBY VERSION\n   ruby 3.1.2p20\n\nBUNDLED WITH\n   2.3.15\n',
  )
  const rbconfig = '/usr/lib/x86_64-linux-gnu/ruby/3.1.0/rbconfig.rb'
  const plainRbConfig = Buffer.from(
    'module RbConfig\n  TOPDIR = File.dirname(__FILE__).chomp!("/lib")\n  CONFIG["MAJOR"] = "3"\n  CONFIG["a"] = "$(b)${MAJOR}"\n  CONFIG["b"] = "$(a)"\n  CONFIG["ruby_version"] = "3.1.0"\n',
  )
  const elves = elfSeeds()
  return [
    { name: 'elf', seeds: elves, read: readWholeElf },
    { name: 'dwarf', seeds: dwarfSeeds(elves), read: readLines },
    { name: 'macho', seeds: machSeeds(), read: (bytes) => void readMachO(toByteSource(bytes)) },
    {
      name: 'ld.so.cache',
      seeds: [
        ...found('/etc/ld.so.cache'),
        Buffer.from('glibc-ld.so.cache1.1'),
        Buffer.from(`ld.so-1.7.0\0\x01\0\0\0${'\0'.repeat(8)}\x05\0\0\0lib\0/lib/lib\0`),
      ],
      read: (bytes) => void readLoaderCache(bytes),
    },
    {
      name: 'ld.so.conf',
      seeds: [Buffer.from('include /etc/ld.so.conf.d/*.conf\n/usr/local/lib # a\n')],
      read: text((value) => [readLoaderConfig(value), readMuslPath(value)]),
    },
    { name: 'Gemfile.lock', seeds: [lock], read: text(readGemfileLock) },
    {
      name: 'gemspec',
      seeds: [
        Buffer.from(
          '# stub: pg 1.5.4 ruby lib\0ext\n# stub: ext/extconf.rb\n\nGem::Specification.new do |s|\n  s.name = "pg"\n  s.extensions = ["a", "b"]\n  s.required_ruby_version = Gem::Requirement.new(">= 2.5".freeze)\n  s.add_runtime_dependency(%q<rack>.freeze, ["~> 3.0".freeze, ">= 3.0.8".freeze])\n  else\nend\n',
        ),
      ],
      read: text((value) => [readGemspec(value), readDependencies(value)]),
    },
    {
      name: 'rbconfig.rb',
      seeds: [plainRbConfig, ...found(rbconfig)],
      read: text((value) => [readRbConfig(value, rbconfig), readFixedPrefix(value)]),
    },
    {
      name: 'Bundler config',
      seeds: [Buffer.from('---\nBUNDLE_PATH: "vendor/bundle"\nBUNDLE_X:\n  - "a"\n')],
      read: text(readBundlerConfig),
    },
    {
      name: 'version files',
      seeds: [
        Buffer.from('ruby-3.1.2\n'),
        Buffer.from('ruby 3.1.2\n'),
        Buffer.from('[tools]\nruby = ["3.1", "3.2"]\n'),
        Buffer.from('tools = { ruby = "3.1" }\n[tools.ruby]\nversion = "3.1"\n'),
        Buffer.from('source "x"\nruby "~> 3.1", ">= 3.1.2"\nruby file: ".ruby-version"\n'),
      ],
      read: text((value) => [readRubyVersionFile(value), readToolVersions(value), readMiseToml(value), readGemfileRuby(value)]),
    },
    {
      name: 'Gemfile',
      seeds: [
        Buffer.from(
          'source "x"\ngem "a", "~> 1"\ngroup :test do\n  gem "b", group: [:c] if ENV["D"]\nend\ngem "e",\n  git: "x" # f\n__END__\n',
        ),
      ],
      read: text(readGemfileGems),
    },
    {
      name: 'Dockerfile',
      seeds: [
        Buffer.from(
          'ARG V=3.1\nFROM --platform=linux/amd64 ruby:${V}-slim AS build\nRUN <<EOF\nbundle install\nEOF\nFROM ruby:3.3\nCOPY --from=build \\\n  /usr/local/bundle /usr/local/bundle\n',
        ),
      ],
      read: text(readDockerfile),
    },
  ]
}
