import fc from 'fast-check'
import { afterAll, expect } from 'vitest'
import { buildForOtherRuby, otherRubies, runIn, shareTinyApps } from './broken-gem.ts'
import { realProperty } from './cases.ts'

const shared = shareTinyApps()
afterAll(() => shared.remove())

const otherRuby = fc.constantFrom(...otherRubies)
const timeoutMs = 300_000

realProperty(
  2,
  otherRuby,
  async (version) => {
    const app = shared.copy('bundler')
    try {
      buildForOtherRuby(app, version)
      await using run = await runIn(app, 'enforce')
      const { code } = await run.exited
      const refused = run.facts().find((fact) => fact.tag === 'GemRefused')
      expect(code).toBe(78)
      expect(run.facts().map(({ tag }) => tag)).not.toContain('RunStarted')
      expect(refused).toMatchObject({ gem: 'tiny_ext', remedy: [expect.stringMatching(/tiny_ext|bundle/)] })
      const output = run.output()
      for (const told of [version, '3.1', 'tiny_ext', 'libruby']) expect(output).toContain(told)
    } finally {
      app.remove()
    }
  },
  timeoutMs,
  2,
)

realProperty(
  4,
  fc.record({ version: fc.option(otherRuby), validation: fc.constantFrom('enforce' as const, 'warn' as const, 'off' as const) }),
  async ({ version, validation }) => {
    const app = shared.copy('bundler')
    try {
      if (version !== null) buildForOtherRuby(app, version)
      await using run = await runIn(app, validation)
      const opens = version === null || validation !== 'enforce'
      if (opens) await run.fact('PortOpened')
      else await run.exited
      const order = run.facts().map(({ tag }) => tag)
      expect(order.includes('PortOpened')).toBe(opens)
      expect(order.includes('RunStarted')).toBe(opens)
      if (validation !== 'off') expect(order).toContain('ValidationFinished')
      if (opens && validation !== 'off') expect(order.indexOf('ValidationFinished')).toBeLessThan(order.indexOf('RunStarted'))
      if (opens) expect(order.indexOf('RunReady')).toBeLessThan(order.indexOf('PortOpened'))
    } finally {
      app.remove()
    }
  },
  timeoutMs,
  2,
)
