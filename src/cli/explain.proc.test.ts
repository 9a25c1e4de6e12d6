import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const samples = join(root, 'test/fuzz/crash-report-samples')
const sample = join(samples, 'ruby-3.3-null-pointer.txt')
const folder = mkdtempSync(join(tmpdir(), 'bezel-explain-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function explain(args: readonly string[], input: string | Buffer = ''): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(join(root, 'bin/bezel'), ['explain', ...args], {
    input,
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, NO_COLOR: '1' },
  })
  return { status, stdout, stderr }
}

describe('bezel explain', () => {
  test('says what happened, who, how sure and why, and what to type, on one screen', () => {
    const { status, stdout } = explain([sample])
    expect(status).toBe(0)
    const titles = stdout.split('\n').flatMap((line) => /^(kind|who|how sure|because|try|id) /.exec(line)?.[1] ?? [])
    expect(titles).toEqual(['kind', 'who', 'how sure', 'because', 'try', 'id'])
    expect(stdout).toContain('acme 2.3.4')
    expect(stdout.split('\n').length).toBeLessThan(25)
  })

  test('reads standard input, gzip, zstd, and what a cut gzip file holds', () => {
    const bytes = readFileSync(sample)
    const whole = JSON.parse(explain(['--json', sample]).stdout) as { fingerprint: string }
    for (const input of [bytes, gzipSync(bytes), gzipSync(bytes).subarray(0, 3_500), zstdCompressSync(bytes)]) {
      const told = JSON.parse(explain(['--json', '-'], input).stdout) as { fingerprint: string; file: string | null }
      expect(told).toMatchObject({ fingerprint: whole.fingerprint, file: null })
    }
  })

  test('groups the deaths of a folder by fingerprint, with the first and the last', () => {
    copyFileSync(sample, join(folder, 'a.log'))
    writeFileSync(join(folder, 'b.log.gz'), gzipSync(`2026-11-25T10:00:00Z ${readFileSync(sample, 'utf8')}`))
    copyFileSync(join(samples, 'ruby-3.3-ffi.txt'), join(folder, 'c.log'))
    const groups = JSON.parse(explain(['--group', '--json', folder]).stdout) as {
      count: number
      last: string
      explanation: { culprit: { gem: string } }
    }[]
    expect(groups.map(({ count, explanation }) => [count, explanation.culprit.gem])).toEqual([
      [2, 'acme'],
      [1, 'ffi'],
    ])
    expect(explain(['--group', folder]).stdout).toMatch(/2 × [0-9a-f]{16} {2}Ruby crashed/)
  })

  test('shows of a folder only what tells of a crash, and of a copy each death once', () => {
    const logs = join(folder, 'many')
    mkdirSync(join(logs, 'old'), { recursive: true })
    for (let file = 0; file < 30; file += 1) writeFileSync(join(logs, `quiet-${file}.log`), 'GET / 200\n')
    copyFileSync(sample, join(logs, 'a.log'))
    writeFileSync(join(logs, 'a.log.gz'), gzipSync(readFileSync(sample)))
    const { stdout } = explain([logs])
    expect(stdout).not.toContain('nothing in this text')
    expect(stdout.split('\n').length).toBeLessThan(60)
    expect(stdout).toMatch(/2 of 32 files tell of a crash\. Each death once: bezel explain --group\n$/)
    expect(explain(['--json', logs]).stdout.match(/^  "file": /gm)).toHaveLength(2)
    expect(explain(['--group', logs]).stdout).toMatch(/^ {4}1 × /)
    expect(explain([join(logs, 'old'), join(logs, 'quiet-1.log')]).status).toBe(65)
    rmSync(join(logs, 'a.log'))
    rmSync(join(logs, 'a.log.gz'))
    expect(explain([logs]).stdout).toBe('nothing in 30 files tells of a crash\n')
    expect(explain(['--exit-status', 'KILL', logs]).stdout).toMatch(/^nothing in 30 files[^]*by SIGKILL/)
  })

  test('says so where nothing tells of a crash, and takes the exit status into account', () => {
    expect(explain([], 'GET / 200\n')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('nothing in this text tells of a crash'),
    })
    expect(JSON.parse(explain(['--json', '--exit-status', 'KILL'], 'GET / 200\n').stdout)).toMatchObject({
      kind: 'oom',
      cause_id: 'KILLED',
    })
  })

  test("names the incidents that bezel's own log tells of, where their reports are kept", () => {
    const id = '20261125-143425-1-59u'
    const log = `14:28:12 warn  run 1 may be crashing: config.ru:5: [BUG] Segmentation fault at 0x0000000000000001\n14:28:12 [1]   … 475 lines of its crash report, kept for its incident\n14:28:13 error worker 1: Ruby crashed (Segmentation fault). Incident ${id}: bezel incidents ${id}\n`
    const { stdout } = explain([], log)
    expect(stdout).toContain(`worker 1: Ruby crashed (Segmentation fault)\n  try: bezel incidents ${id}\n`)
    expect(stdout).not.toContain('nothing in this text')
    expect(JSON.parse(explain(['--json'], log).stdout)).toMatchObject({ deaths: 0, incidents: [{ id }] })
    expect(explain(['-'], `${log}${readFileSync(sample, 'utf8')}`).stdout).toMatch(/^who {7}acme 2\.3\.4[^]*try: bezel incidents 2026/m)
  })

  test('prints no secret of the log', () => {
    const log = 'free(): invalid pointer\nDATABASE_URL=postgres://bob:hunter2@db/app GET /x?token=abc123\n'
    expect(explain(['--json'], log).stdout).not.toMatch(/hunter2|abc123/)
  })

  test('ends with 65 for a file that is not there, and 64 for a status that is none', () => {
    expect(explain(['/no/such/file'])).toMatchObject({ status: 65, stderr: expect.stringContaining('/no/such/file') })
    expect(explain(['--exit-status', 'often'])).toMatchObject({ status: 64 })
  })

  test('prints what docs/explain.md shows', () => {
    const blocks = [...readFileSync(join(root, 'docs/explain.md'), 'utf8').matchAll(/^\$ bezel explain (\S+)\n([^]*?)\n```$/gm)]
    expect(blocks).toHaveLength(3)
    for (const [, file = '', shown] of blocks) expect(explain([join(root, file)]).stdout.trimEnd()).toBe(shown)
  })

  test('joins what validation reads in the app', () => {
    const app = join(folder, 'app')
    spawnSync('mkdir', ['-p', app])
    writeFileSync(
      join(app, 'Gemfile.lock'),
      'GEM\n  remote: https://rubygems.org/\n  specs:\n    acme (2.3.4)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  acme\n',
    )
    const told = JSON.parse(explain(['--json', '--app', app, sample]).stdout) as { evidence: string[] }
    expect(told.evidence.join('\n')).toContain('GEM_ABSENT')
  })
})
