import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const example = /```ts\n([^]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'))?.[1] ?? ''

/** A consumer's project: what `npm install bezel` would leave, with the dependencies shared. */
let folder = ''
beforeAll(() => {
  folder = mkdtempSync('/tmp/bz-consumer-')
  const packed = join(folder, 'packed')
  cpSync(root, packed, { recursive: true, filter: (path) => !/\/(node_modules|\.git|build|dist|tmp|vendor)$/.test(path) })
  symlinkSync(join(root, 'node_modules'), join(packed, 'node_modules'))
  execFileSync(process.execPath, [join(packed, 'scripts/build.ts')], { cwd: packed, stdio: 'pipe' })

  const modules = join(folder, 'consumer/node_modules')
  mkdirSync(join(modules, 'bezel'), { recursive: true })
  for (const name of ['package.json', 'bin', 'build', 'dist', 'ruby', 'data'])
    cpSync(join(packed, name), join(modules, 'bezel', name), { recursive: true })
  for (const name of readdirSync(join(root, 'node_modules'))) symlinkSync(join(root, 'node_modules', name), join(modules, name))
  writeFileSync(join(folder, 'consumer/package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'consumer/example.ts'), example)
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function run(file: string, args: readonly string[], cwd = join(folder, 'consumer')): string {
  return execFileSync(file, args, { cwd, encoding: 'utf8', env: { ...process.env, BEZEL_LOG_FORMAT: 'json' } })
}

test("the README's library example compiles in a consumer's project", () => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const flags = '--noEmit --strict --module nodenext --target es2024 --types node --skipLibCheck false'.split(' ')
  expect(run(process.execPath, [tsc, ...flags, 'example.ts'])).toBe('')
})

test("the README's library example runs, and judges a real app", () => {
  const app = join(root, 'examples/iodine-pg')
  cpSync(join(folder, 'consumer/example.ts'), join(folder, 'consumer/run.mts'))
  const [verdict, ...gems] = run(process.execPath, [join(folder, 'consumer/run.mts')], app)
    .trim()
    .split('\n')
  expect(verdict).toBe('compatible')
  expect(gems.map((line) => (JSON.parse(line) as { gem_name: string }).gem_name)).toEqual(
    expect.arrayContaining(['bcrypt', 'iodine', 'pg']),
  )
})

test('the command of the package runs from its bundle', () => {
  const bezel = join(folder, 'consumer/node_modules/bezel/bin/bezel')
  expect(run(bezel, ['--version']).trim()).toMatch(/^\d+\.\d+\.\d+$/)
  expect(run(bezel, ['config', '--app', join(root, 'examples/puma-pg')])).toContain('workers.count')
})
