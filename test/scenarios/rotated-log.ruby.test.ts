import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startSmallBezel } from '../properties/small-app.ts'
import { signalProcess } from '../../src/system/process-group.ts'
import { waitFor } from '../support/wait-for.ts'

test('SIGHUP opens log.file anew: keeper, data plane and its successors write to the new one', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync('/tmp/bz-rotate-')
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'log/bezel.log')
  const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '')
  const until = (text: string) =>
    waitFor(
      () => read(file).includes(text),
      60_000,
      () => `no ${text} in ${read(file)}`,
    )

  await using run = await startSmallBezel({ workers: 1, env: { BEZEL_LOG_FILE: file, BEZEL_FRONT_DOOR_ACCESS_LOG: 'on' } })
  await until('"tag":"PortOpened"')
  const origin = new URL(/serving on (http:[^"]+)/.exec(read(file))?.[1] ?? '').origin
  await (await fetch(`${origin}/before`)).text()
  await until('/before')

  renameSync(file, `${file}.1`)
  signalProcess(run.pid, 'SIGHUP')
  await until(`SIGHUP: ${file} was opened anew`)
  // The data plane is told at the same time, and may be later by a moment.
  const endMs = performance.now() + 60_000
  while (!read(file).includes('/after') && performance.now() < endMs) await (await fetch(`${origin}/after`)).text()
  await until('/after')

  const dataPlane = Number(/data plane 1 started \(pid (\d+)\)/.exec(read(`${file}.1`))?.[1])
  signalProcess(dataPlane, 'SIGKILL')
  await until('"tag":"DataPlaneServing","era":2')
  await (await fetch(`${origin}/successor`)).text()
  await until('/successor')

  const old = read(`${file}.1`)
  await run.stopCleanly()
  await waitFor(() => read(file).includes('"tag":"Stopped"'))
  expect(read(`${file}.1`)).toBe(old)
})
