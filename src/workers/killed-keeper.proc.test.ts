import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { watchLeaks } from '../../test/support/leaks.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import { livingIn, misbehaving, rubyLaunch } from '../../test/support/workers.ts'
import { readStat } from '../system/proc-fs.ts'
import { sweepLeftovers } from '../system/process-record.ts'
import { signalProcess } from '../system/process-group.ts'
import { workersDefaults } from './options.ts'

watchLeaks()

describe('when the keeper is killed', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bzl-keeper-'))
  })
  afterEach(() => {
    // Also after a failure nothing may stay.
    sweepLeftovers(folder)
    rmSync(folder, { recursive: true })
  })

  test.each(['forks.rb', 'ignores-term.rb'])('%s ends with it, and what it had forked ends with the next sweep', async (program) => {
    const settings = {
      ...workersDefaults,
      count: 2,
      cwd: misbehaving,
      runtimeDir: folder,
      launch: rubyLaunch(program),
      memory: { ...workersDefaults.memory, rssEveryMs: 50 },
    }
    const script = `
      const { WorkerProcessManager } = await import(${JSON.stringify(join(import.meta.dirname, 'worker-process-manager.ts'))})
      const { noPorts } = await import(${JSON.stringify(join(import.meta.dirname, 'ports.ts'))})
      const { systemClock } = await import(${JSON.stringify(join(import.meta.dirname, '../system/clock.ts'))})
      const emit = (event) => event.tag === 'RunReady' && process.stdout.write(event.pid + '\\n')
      new WorkerProcessManager(${JSON.stringify(settings)}, { clock: systemClock, random: Math.random, emit }, noPorts).start()`
    const keeper = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    let printed = ''
    keeper.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
    await waitFor(() => printed.split('\n').length === 3)
    const groups = printed.trim().split('\n').map(Number)
    // One of them can't act on anything but SIGKILL.
    signalProcess(groups[0]!, 'SIGSTOP')
    await waitFor(() => program !== 'forks.rb' || groups.every((group) => livingIn(group).length === 5))
    keeper.kill('SIGKILL')
    await once(keeper, 'exit')
    await waitFor(() => groups.every((group) => [null, 'Z'].includes(readStat(group)?.state ?? null)))
    const left = groups.flatMap(livingIn)
    expect(left).toHaveLength(program === 'forks.rb' ? 8 : 0)
    expect(new Set(sweepLeftovers(folder).map(({ pid }) => pid))).toEqual(new Set(left))
    await waitFor(() => groups.every((group) => livingIn(group).length === 0))
    expect(existsSync(join(folder, 'groups'))).toBe(false)
  })
})
