import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ready, Stage, turns } from '../../test/support/worker-stage.ts'
import { workerDueAt } from './worker.ts'

describe('a worker', () => {
  test('starts at most 5 times in the first 2 s when it dies at once, whatever the dice say', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 0.999_999, noNaN: true }), { minLength: 40, maxLength: 40 }), (dice) => {
        const stage = new Stage()
        stage.send({ tag: 'Start' })
        for (const random of dice) {
          stage.send({ tag: 'Exited', run: stage.runs }, random)
          stage.wait(workerDueAt(stage.worker)! - stage.nowMs, random)
        }
        expect(stage.starts().filter((atMs) => atMs < 2_000).length).toBeLessThanOrEqual(5)
      }),
    )
  })

  test('waits longer after each failed start, never past the cap', () => {
    const stage = new Stage()
    stage.send({ tag: 'Start' })
    const waits = Array.from({ length: 9 }, () => {
      stage.send({ tag: 'Exited', run: stage.runs }, 0.999_999)
      const waitMs = workerDueAt(stage.worker)! - stage.nowMs
      stage.wait(waitMs)
      return waitMs
    })
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
  })

  test('is killed at its start deadline, and that counts as a failure', () => {
    const stage = new Stage()
    stage.send({ tag: 'Start' })
    stage.wait(3_000)
    expect(stage.effects.map(({ effect }) => effect)).toContainEqual({ tag: 'TellEnded', run: 1, why: 'start-timeout', wasReady: false })
    expect(stage.worker).toMatchObject({ tag: 'Waiting', past: { attempts: 1, failures: 1 } })
  })

  test('that died holding a request starts again at once, and nothing is counted', () => {
    const stage = ready()
    stage.send({ tag: 'Exited', run: 1 })
    stage.send({ tag: 'Held', run: 1, held: true })
    expect(stage.worker).toMatchObject({ tag: 'Starting', run: 2, past: { attempts: 0, failures: 0 } })
    expect(stage.starts()).toEqual([0, 0])
  })

  test('that died holding nothing, or of which nobody says what it held, waits', () => {
    for (const tell of [(stage: Stage) => stage.send({ tag: 'Held', run: 1, held: false }), (stage: Stage) => stage.wait(100)]) {
      const stage = ready()
      stage.send({ tag: 'Exited', run: 1 })
      tell(stage)
      expect(stage.worker).toMatchObject({ tag: 'Waiting', past: { attempts: 1, failures: 1 } })
    }
  })

  test('forgets its failures after it was ready for long enough, not before', () => {
    const stage = new Stage()
    stage.send({ tag: 'Start' })
    stage.send({ tag: 'Exited', run: 1 })
    stage.wait(500)
    stage.send({ tag: 'Answered', run: 2 })
    stage.wait(3_999)
    expect(stage.worker).toMatchObject({ tag: 'Ready', past: { failures: 1 } })
    stage.wait(1)
    expect(stage.worker).toMatchObject({ tag: 'Ready', past: { failures: 0 } })
  })

  test('does not time out, nor count a failed start, while a database is away', () => {
    const stage = new Stage()
    stage.send({ tag: 'Start' })
    stage.wait(1_000)
    stage.send({ tag: 'Pause', paused: true })
    stage.wait(600_000)
    expect(stage.worker.tag).toBe('Starting')
    stage.send({ tag: 'Pause', paused: false })
    stage.wait(1_999)
    expect(stage.worker.tag).toBe('Starting')
    stage.wait(1)
    expect(stage.worker).toMatchObject({ tag: 'Waiting', past: { attempts: 1, failures: 0 } })
  })

  test('that dies while a database is away waits, and that does not count', () => {
    const stage = ready()
    stage.send({ tag: 'Pause', paused: true })
    stage.send({ tag: 'Exited', run: 1 })
    stage.send({ tag: 'Held', run: 1, held: false })
    expect(stage.worker).toMatchObject({ tag: 'Waiting', past: { attempts: 1, failures: 0 } })
  })

  test('a later Stop can bring its deadline nearer, not further', () => {
    for (const [first, second] of [
      [1_000, 5_000],
      [5_000, 1_000],
    ] as const) {
      const stage = ready()
      stage.send({ tag: 'Stop', killAtMs: first })
      stage.send({ tag: 'Stop', killAtMs: second })
      stage.wait(999)
      expect(stage.worker.tag).toBe('Stopping')
      stage.wait(1)
      expect(stage.worker.tag).toBe('Stopped')
    }
  })

  test('tries again soon when the database is back, however long it had backed off', () => {
    const stage = new Stage()
    stage.send({ tag: 'Start' })
    stage.send({ tag: 'Pause', paused: true })
    for (let death = 0; death < 12; death += 1) {
      stage.send({ tag: 'Exited', run: stage.runs }, 0.99)
      if (death < 11) stage.wait(30_000)
    }
    stage.send({ tag: 'Pause', paused: false })
    expect(workerDueAt(stage.worker)! - stage.nowMs).toBeLessThanOrEqual(500)
    expect(stage.worker).toMatchObject({ past: { failures: 0 } })
  })

  test('is drained, then gets its signal, then SIGKILL at the deadline', () => {
    const stage = ready()
    stage.send({ tag: 'Replace', run: 1, why: 'asked' })
    stage.wait(2_000)
    expect(stage.worker.tag).toBe('Stopping')
    stage.wait(1_000)
    expect(stage.tags().slice(3)).toEqual(['Drain', 'Signal', 'Kill', 'TellEnded', 'AskTurn', 'Boot'])
    expect(stage.effects.at(-3)?.effect).toMatchObject({ why: 'drain-timeout' })
  })

  test('gets its signal as soon as its last request is answered', () => {
    const stage = ready()
    stage.send({ tag: 'Replace', run: 1, why: 'memory' })
    stage.send({ tag: 'Drained', run: 1 })
    stage.send({ tag: 'Exited', run: 1 })
    expect(stage.tags().slice(3)).toEqual(['Drain', 'Signal', 'TellEnded', 'AskTurn', 'Boot'])
  })

  test('that hangs is killed without a signal once its other requests are done, or at the bound', () => {
    for (const finish of [(stage: Stage) => stage.send({ tag: 'Drained', run: 1 }), (stage: Stage) => stage.wait(500)]) {
      const stage = ready()
      stage.send({ tag: 'Kill', run: 1, why: 'hang' })
      finish(stage)
      expect(stage.tags().slice(3)).toEqual(['Drain', 'Kill', 'TellEnded', 'AskTurn', 'Boot'])
    }
  })

  test('that writes a crash report may finish it, even when its last request is gone', () => {
    const stage = ready()
    stage.send({ tag: 'Kill', run: 1, why: 'crashed' })
    stage.send({ tag: 'Drained', run: 1 })
    expect(stage.worker.tag).toBe('Draining')
    stage.wait(700)
    expect(stage.tags().slice(3)).toEqual(['Drain', 'Kill', 'TellEnded', 'AskHeld'])
  })

  test('that crashes while it stops may finish its report, and is told as crashed', () => {
    const stage = ready()
    stage.send({ tag: 'Replace', run: 1, why: 'memory' })
    stage.send({ tag: 'Drained', run: 1 })
    stage.send({ tag: 'Kill', run: 1, why: 'crashed' })
    stage.wait(699)
    expect(stage.worker.tag).toBe('Stopping')
    stage.wait(1)
    expect(stage.tags().slice(3)).toEqual(['Drain', 'Signal', 'Kill', 'TellEnded', 'AskHeld'])
    expect(stage.effects.map(({ effect }) => effect)).toContainEqual({ tag: 'TellEnded', run: 1, why: 'crashed', wasReady: true })
  })

  test('that crashes at boot may finish its report, within its start deadline', () => {
    for (const [bootedForMs, graceMs] of [
      [0, 700],
      [2_800, 200],
    ] as const) {
      const stage = new Stage()
      stage.send({ tag: 'Start' })
      stage.wait(bootedForMs)
      stage.send({ tag: 'Kill', run: 1, why: 'crashed' })
      stage.wait(graceMs - 1)
      expect(stage.worker.tag).toBe('Draining')
      stage.wait(1)
      expect(stage.worker).toMatchObject({ tag: 'Waiting', past: { failures: 1 } })
    }
  })

  test('past its hard memory limit is killed at once', () => {
    const stage = ready()
    stage.send({ tag: 'Kill', run: 1, why: 'memory' })
    expect(stage.tags().slice(3)).toEqual(['Kill', 'TellEnded', 'AskHeld'])
  })

  test('that stops gets no new run, whatever it was doing', () => {
    fc.assert(
      fc.property(turns, (story) => {
        const stage = new Stage()
        stage.send({ tag: 'Start' })
        for (const turn of story) stage.play(turn)
        stage.send({ tag: 'Stop', killAtMs: stage.nowMs + 5_000 })
        const { runs } = stage
        for (const turn of story) stage.play(turn)
        stage.wait(10_000)
        expect(stage.runs).toBe(runs)
        expect(stage.worker.tag).toBe('Stopped')
      }),
    )
  })

  test('that gave up starts again only when asked', () => {
    const stage = new Stage()
    stage.send({ tag: 'Start' })
    stage.send({ tag: 'GiveUp' })
    stage.wait(600_000)
    expect(stage.worker.tag).toBe('GivenUp')
    stage.send({ tag: 'Restart' })
    expect(stage.worker.tag).toBe('Starting')
  })
})
