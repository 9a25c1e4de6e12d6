import { expect, test } from 'vitest'
import type { Finding } from '../validation-report.ts'
import { toPlan } from './to-plan.ts'

const finding = (...remedy: string[]): Finding => ({
  code: 'EXTENSION_TRUNCATED',
  severity: 'error',
  gem: 'pg',
  evidence: [],
  explanation: '',
  remedy,
})

test('a command that several findings need is run once, after all that must come before it', () => {
  const findings = [finding('rm a.gemspec', 'bundle install'), finding('rm b.gemspec', 'bundle install')]
  expect(toPlan(findings).commands).toEqual(['rm a.gemspec', 'rm b.gemspec', 'bundle install'])
})

test("the system's packages come before the gems that are compiled against them", () => {
  const findings = [
    finding('bundle pristine pg'),
    finding('sudo apt-get update', 'sudo apt-get install -y libpq5'),
    finding('apk add libpq'),
  ]
  expect(toPlan(findings).commands).toEqual([
    'sudo apt-get update',
    'sudo apt-get install -y libpq5',
    'apk add libpq',
    'bundle pristine pg',
  ])
})

test('sentences are for a person, and each is said once', () => {
  const sentence = 'Install Ruby 3.1.2 anew.'
  expect(toPlan([finding(sentence), finding(sentence, 'bundle install')])).toEqual({ commands: ['bundle install'], byHand: [sentence] })
})
