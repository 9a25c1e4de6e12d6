import { lintDockerfile } from '../../../src/validation/containers/lint-dockerfile.ts'
import { readBuildLogs } from '../../../src/validation/evidence/read-build-logs.ts'
import { readBundlerConfig } from '../../../src/formats/bundler-config/read-bundler-config.ts'
import { readDockerfile } from '../../../src/formats/dockerfile/read-dockerfile.ts'
import { readSourceFolders } from '../../../src/formats/dwarf-line/read-source-folders.ts'
import { toByteSource } from '../../../src/formats/elf/byte-source.ts'
import { readElf } from '../../../src/formats/elf/read-elf.ts'
import { readSections } from '../../../src/formats/elf/sections.ts'
import { readImports } from '../../../src/formats/elf/symbols.ts'
import { readGemfileGems } from '../../../src/formats/gemfile/read-gemfile-gems.ts'
import { readGemfileLock } from '../../../src/formats/gemfile-lock/read-gemfile-lock.ts'
import { readDependencies } from '../../../src/formats/gemspec/read-dependencies.ts'
import { readGemspec } from '../../../src/formats/gemspec/read-gemspec.ts'
import { readLoaderCache } from '../../../src/formats/ld-so/read-loader-cache.ts'
import { readLoaderConfig } from '../../../src/formats/ld-so/read-loader-config.ts'
import { readMachO } from '../../../src/formats/macho/read-macho.ts'
import { readFixedPrefix, readRbConfig } from '../../../src/formats/rbconfig/read-rbconfig.ts'
import { readMiseToml } from '../../../src/formats/version-files/read-mise-toml.ts'
import { readGemfileRuby } from '../../../src/formats/gemfile/read-gemfile-ruby.ts'
import { readToolVersions } from '../../../src/formats/version-files/read-version-files.ts'
import { memoryTree } from '../../support/memory-tree.ts'
import { makeElf } from '../../support/make-elf.ts'

const kilobyte = 1024
const megabyte = 1024 * kilobyte

/** `text` as often as it fits into so many characters. */
function fill(text: string, characters: number): string {
  return text.repeat(Math.floor(characters / text.length))
}

/** A file that names one long name again and again: `count` symbols, or sections, of 60 KB each. */
function repeatedName(what: 'symbols' | 'sections', count: number): Buffer {
  const base = makeElf([], { imports: ['x'.repeat(60_000)], exports: [] })
  const [dynamicAt, symbolBytes, sectionBytes] = [176, 24, 64]
  const entry = (tag: number) => {
    for (let at = dynamicAt; ; at += 16) if (base.readUInt32LE(at) === tag) return at + 8
  }
  const [hash, strings, symbols] = [4, 5, 6].map((tag) => entry(tag))
  if (hash === undefined || strings === undefined || symbols === undefined) throw new Error('no such entries')
  if (what === 'sections') {
    const header = Buffer.alloc(sectionBytes)
    header.writeUInt32LE(1)
    header.writeBigUInt64LE(base.readBigUInt64LE(strings), 24)
    header.writeBigUInt64LE(60_002n, 32)
    base.writeBigUInt64LE(BigInt(base.length), 40)
    for (const [offset, value] of [
      [58, sectionBytes],
      [60, count],
      [62, 0],
    ] as const)
      base.writeUInt16LE(value, offset)
    return Buffer.concat([base, ...Array.from({ length: count }, () => header)])
  }
  const symbolsAt = base.readUInt32LE(symbols)
  const one = base.subarray(symbolsAt + symbolBytes, symbolsAt + 2 * symbolBytes)
  base.writeUInt32LE(count + 1, base.readUInt32LE(hash) + 4)
  base.writeBigUInt64LE(BigInt(base.length), symbols)
  // The first segment holds what stands behind it as well.
  base.writeBigUInt64LE(BigInt(base.length + (count + 1) * symbolBytes), 64 + 32)
  return Buffer.concat([base, Buffer.alloc(symbolBytes), ...Array.from({ length: count }, () => one)])
}

/** A cache whose entries all name the same long names. */
function repeatedEntries(count: number): Buffer {
  const [headerBytes, entryBytes, nameBytes] = [48, 24, 8 * kilobyte]
  const bytes = Buffer.alloc(headerBytes + count * entryBytes + nameBytes)
  bytes.write('glibc-ld.so.cache1.1')
  bytes.writeUInt32LE(count, 20)
  bytes[28] = 2
  const namesAt = bytes.length - nameBytes
  bytes.fill('a', namesAt, bytes.length - 1)
  for (let index = 0; index < count; index += 1)
    for (const field of [4, 8]) bytes.writeUInt32LE(namesAt + 4_100 + (index % 4_000), headerBytes + index * entryBytes + field)
  return bytes
}

function dockerfile(text: string): void {
  const read = readDockerfile(text)
  if (read.tag === 'Dockerfile')
    lintDockerfile(read, 'Dockerfile', { hasHostBundle: false, ignoresHostBundle: false, ignoreFile: '.dockerignore' })
}

function buildLog(name: string, text: string): void {
  readBuildLogs(memoryTree(new Map([[`/built/${name}`, text]])), '/built', '3.1')
}

function rbconfig(lines: string): void {
  readRbConfig(`CONFIG["MAJOR"] = "3"\nCONFIG["ruby_version"] = "3.1.0"\n${lines}`, '/lib/rbconfig.rb')
}

/** Large files that are made to cost more than their size: each reader's worst, as far as it is known. */
export const amplifiers: Readonly<Record<string, () => unknown>> = {
  'one name for a million symbols': () => {
    const elf = readElf(toByteSource(repeatedName('symbols', 900_000)))
    return elf.tag === 'Elf' ? readImports(elf) : elf
  },
  'one name for all sections': () => {
    const elf = readElf(toByteSource(repeatedName('sections', 65_000)))
    return elf.tag === 'Elf' ? readSections(elf) : elf
  },
  'line tables of nothing but padding': () =>
    readSourceFolders({ line: toByteSource(Buffer.alloc(32 * megabyte)), lineStrings: null, strings: null, littleEndian: true }),
  'one command of Mach-O after the other': () => {
    const head = Buffer.alloc(32 + megabyte)
    head.writeUInt32BE(0xcffaedfe)
    head.writeUInt32LE(0xffffffff, 16)
    head.writeUInt32LE(megabyte, 20)
    for (let at = 32; at < head.length; at += 8) head.writeUInt32LE(8, at + 4)
    return readMachO(toByteSource(head))
  },
  'entries of a cache that share their names': () => readLoaderCache(repeatedEntries(190_000)),
  'includes of a loader configuration': () => readLoaderConfig(fill('include ', 256 * kilobyte)),
  'lists without an end in a gemspec': () => readGemspec(fill('s.extensions = [\n', megabyte)),
  'dependencies without an end in a gemspec': () =>
    readDependencies(`# stub: x 1 ruby lib\n${fill('s.add_dependency(%q<a>, ["', megabyte)}\n${fill('s.add_dependency(%q<a\n', megabyte)}`),
  'requirements without a value in a gemspec': () => readGemspec(`s.name = "x"\n${fill('s.required_ruby_version = \n', megabyte)}`),
  'a value of rbconfig.rb that is put into another again and again': () =>
    rbconfig(`CONFIG["a"] = "${fill('x', 60_000)}"\nCONFIG["b"] = "${fill('$(a)', 800_000)}"\n`),
  'references without an end in rbconfig.rb': () => rbconfig(`CONFIG["b"] = "${fill('$(', 900_000)}"\n`),
  'prefixes without an end in rbconfig.rb': () =>
    readFixedPrefix(`CONFIG["LIBRUBY_RELATIVE"] = "no"\n${fill('CONFIG["prefix"] = (TOPDIR || DESTDIR + "', megabyte)}`),
  'spaces of mise.toml': () => readMiseToml(`[tools]\n${fill(' ', 256 * kilobyte)}`),
  'tables without an end in mise.toml': () => readMiseToml(`[tools]\n${fill('ruby = {\n', 256 * kilobyte)}`),
  'lists without an end in mise.toml': () => readMiseToml(`[tools]\n${fill('ruby = [ #\n', 256 * kilobyte)}`),
  'words of .tool-versions': () => readToolVersions(fill('ruby ', 64 * kilobyte)),
  'rubies of a Gemfile': () => readGemfileRuby(`ruby ${fill('"" ', megabyte)}#{`),
  'one statement of a Gemfile': () => readGemfileGems(fill('gem "a",\n', megabyte)),
  'blocks of a Gemfile': () => readGemfileGems(`a${fill(' do |', megabyte)}`),
  'strings of a Gemfile': () => readGemfileGems(fill('%w(', megabyte)),
  'heredocs of a Gemfile': () => readGemfileGems(fill('<<~A\n', megabyte)),
  'brackets of a Gemfile': () => readGemfileGems(fill('(\n', megabyte)),
  'gems of a lock': () => readGemfileLock(`GEM\n  specs:\n${fill('    a (1)\n', 2 * megabyte - 100)}`),
  'options of a lock': () => readGemfileLock(`GEM\n${fill('  remote: x\n', 2 * megabyte - 100)}`),
  'a list in the configuration of Bundler': () => readBundlerConfig(`BUNDLE_A:\n${fill('- x\n', 256 * kilobyte)}`),
  'an image of colons': () => dockerfile(`FROM ${fill(':', megabyte - 10)}`),
  'an image of open braces': () => dockerfile(`FROM ${fill('${A:-', megabyte - 10)}`),
  'one stage after the other': () => dockerfile(fill('FROM a AS b\n', megabyte - 10)),
  'stages that build upon stages': () =>
    dockerfile(Array.from({ length: 30_000 }, (_, index) => `FROM s${index} AS s${index + 1}\n`).join('')),
  'a variable that doubles': () => dockerfile(`ARG A=x\n${fill('ARG A=$A$A\n', 60_000)}FROM $A\n`),
  'a variable that is put in again and again': () => dockerfile(`ARG A=${fill('x', 60_000)}\nFROM x\nARG A\nRUN ${fill('$A', 60_000)}\n`),
  'installs and copies': () =>
    dockerfile(`FROM ruby:3.1 AS a\n${fill('RUN bundle install\n', 60_000)}FROM ruby:3.1\n${fill('COPY --from=a /x /y\n', 60_000)}`),
  'words of one RUN': () => dockerfile(`FROM ruby:3.1\nRUN bundle ${fill('install ', 60_000)}`),
  'flags of one COPY': () => dockerfile(`FROM ruby:3.1\nCOPY ${fill('--a ', 60_000)}\n`),
  'the interpreters of gem_make.out': () => buildLog('gem_make.out', fill('/ruby1.1', 256 * kilobyte)),
  'the headers of mkmf.log': () => buildLog('mkmf.log', fill('-I/include/', 256 * kilobyte)),
  'one folder of headers in mkmf.log': () => buildLog('mkmf.log', `-I${fill('/include/ruby-', 256 * kilobyte)}`),
}
