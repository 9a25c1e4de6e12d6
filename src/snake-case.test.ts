import { expect, test } from 'vitest'
import { toJson } from './snake-case.ts'

test('spells keys as the specification does, at every depth, and leaves data alone', () => {
  const json = toJson({ processId: 7, errorHistory: [{ exitCode: 1 }], status: { VmRSS: '1 kB', 'X-Request-Id': null } })
  expect(json).toEqual({ process_id: 7, error_history: [{ exit_code: 1 }], status: { VmRSS: '1 kB', 'X-Request-Id': null } })
  const id: number = json.process_id
  expect(id).toBe(7)
})
