import { execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { systemClock } from './clock.ts'
import { createLineSink } from './line-sink.ts'

const folder = mkdtempSync(join(tmpdir(), 'bezel-sink-'))
afterAll(() => rmSync(folder, { recursive: true }))

const options = { maxBufferedBytes: 16_384, maxLineBytes: 4_096, clock: systemClock }

/** A FIFO with a reader that doesn't read. */
function openFifo(name: string): { reader: number; writer: number } {
  const path = join(folder, name)
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  return { reader, writer: openSync(path, constants.O_WRONLY) }
}

function readAll(fd: number): string {
  const bytes = Buffer.alloc(1 << 20)
  let text = ''
  try {
    for (let got = readSync(fd, bytes); got > 0; got = readSync(fd, bytes)) text += bytes.toString('utf8', 0, got)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error
  }
  return text
}

describe('a line sink', () => {
  test('writes lines to a regular file behind what is there', async () => {
    const path = join(folder, 'log')
    execFileSync('sh', ['-c', `echo first > ${path}`])
    const fd = openSync(path, 'a')
    const sink = createLineSink(fd, options)
    sink.write('second')
    sink.write('third\n')
    await sink.close(1_000)
    closeSync(fd)
    expect(readFileSync(path, 'utf8')).toBe('first\nsecond\nthird\n')
    expect(sink.dropped()).toBe(0)
  })

  test('holds what an unread pipe does not take, drops and counts the rest, and closes within its bound', async () => {
    const { reader, writer } = openFifo('unread')
    const sink = createLineSink(writer, options)
    const line = 'x'.repeat(99)
    for (let count = 0; count < 2_000; count++) {
      sink.write(line)
      if (count % 20 === 0) await new Promise(setImmediate)
    }
    await sink.close(50)
    const lines = readAll(reader).split('\n').slice(0, -1)
    expect(lines.every((read) => read === line)).toBe(true)
    expect(lines.length).toBeGreaterThan(500)
    expect(lines.length + sink.dropped()).toBe(2_000)
    closeSync(reader)
    closeSync(writer)
  })

  test('goes on when a stalled reader reads again', async () => {
    const { reader, writer } = openFifo('stalled')
    const sink = createLineSink(writer, options)
    for (let count = 0; count < 700; count++) {
      sink.write('y'.repeat(99))
      if (count % 20 === 0) await new Promise(setImmediate)
    }
    const closing = sink.close(10_000)
    const before = readAll(reader)
    await closing
    expect((before + readAll(reader)).length).toBe(70_000)
    expect(sink.dropped()).toBe(0)
    closeSync(reader)
    closeSync(writer)
  })

  test('counts every line as dropped once the reader has gone', async () => {
    const { reader, writer } = openFifo('closed')
    const sink = createLineSink(writer, options)
    closeSync(reader)
    sink.write('one')
    await new Promise(setImmediate)
    sink.write('two')
    await sink.close(1_000)
    expect(sink.dropped()).toBe(2)
    closeSync(writer)
  })

  test('survives a full device', async () => {
    const fd = openSync('/dev/full', 'w')
    const sink = createLineSink(fd, options)
    sink.write('one')
    await new Promise(setImmediate)
    sink.write('two')
    await sink.close(1_000)
    expect(sink.dropped()).toBe(2)
    closeSync(fd)
  })

  test('cuts a line that is too long, on a character', async () => {
    const path = join(folder, 'long')
    const fd = openSync(path, 'w')
    const sink = createLineSink(fd, { ...options, maxLineBytes: 100 })
    sink.write('é'.repeat(200))
    sink.write('short')
    await sink.close(1_000)
    closeSync(fd)
    expect(readFileSync(path, 'utf8')).toBe(`${'é'.repeat(49)}\nshort\n`)
  })

  test('writes to a socket that the child inherited, and lets the child exit', async () => {
    const source = new URL('line-sink.ts', import.meta.url).href
    const clock = new URL('clock.ts', import.meta.url).href
    const script = `
      import { createLineSink } from '${source}'
      import { systemClock } from '${clock}'
      const sink = createLineSink(1, { maxBufferedBytes: 65536, maxLineBytes: 4096, clock: systemClock })
      for (let count = 0; count < 100; count++) sink.write('line ' + count)
      await sink.close(5000)
      process.exitCode = sink.dropped()`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
    expect(code).toBe(0)
    expect(text.split('\n').length).toBe(101)
  })
})
