import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

/** A bundle of two modules, whose code was kept after `main` had run. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bezel bundle é-'))
  writeFileSync(join(folder, 'bezel.cjs'), 'const { say } = require("./words-1.cjs")\nexports.main = ([word]) => say(word)')
  writeFileSync(join(folder, 'words-1.cjs'), 'exports.say = (word) => { const inner = () => console.log("first", word); inner() }')
  execFileSync(process.execPath, [join(root, 'scripts/bundle/run-and-keep.cjs'), folder, 'bezel.cjs', 'kept'])
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const codeFile = (): string => join(folder, readdirSync(folder).find((name) => name.startsWith('words-1.cjs.')) ?? 'none')

function start(): { readonly stdout: string; readonly stderr: string; readonly status: number | null; readonly signal: string | null } {
  const load = `new (require(${JSON.stringify(join(root, 'bin/load-bundle.cjs'))}).Bundle)(${JSON.stringify(folder)}).start('bezel.cjs').main(['now'])`
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, ['-e', load], { encoding: 'utf8' })
  return { stdout, stderr, status, signal }
}

const well = (stdout: string) => ({ stdout, stderr: '', status: 0, signal: null })

function changeSource(): void {
  const file = join(folder, 'words-1.cjs')
  writeFileSync(file, readFileSync(file, 'utf8').replace('first', 'other'))
}

test('code of an earlier source is left alone, though V8 takes it for any of that length', () => {
  changeSource()
  expect(start()).toEqual(well('other now\n'))
})

test('the code that was kept is what runs', () => {
  const kept = readFileSync(codeFile())
  // The source stands before the code.
  kept.write('other', kept.indexOf('first'))
  writeFileSync(codeFile(), kept)
  changeSource()
  expect(start()).toEqual(well('first now\n'))
})

test('code that can not be read costs the time to compile, not the start', () => {
  const file = codeFile()
  rmSync(file)
  mkdirSync(file)
  expect(start()).toEqual(well('first now\n'))
})

test('code of another Node is left alone, and Node loads the program as any other', () => {
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.code')))
    renameSync(join(folder, name), join(folder, name.replace(process.version, 'v24.0.0')))
  expect(start()).toEqual(well('first now\n'))
})

test('damaged code costs the time to compile, not the process', () => {
  const whole = readFileSync(codeFile())
  const damaged = Array.from({ length: 12 }, (_, index) => Math.floor((index * whole.length) / 12)).flatMap((at) => {
    const flipped = Buffer.from(whole)
    flipped.writeUInt8(flipped.readUInt8(at) ^ 0x55, at)
    return [flipped, whole.subarray(0, at)]
  })
  for (const bytes of damaged) {
    writeFileSync(codeFile(), bytes)
    expect(start()).toEqual(well('first now\n'))
  }
})
