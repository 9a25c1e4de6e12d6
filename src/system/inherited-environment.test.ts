import { expect, test } from 'vitest'
import { inheritedEnvironment } from './inherited-environment.ts'

test("keeps all but what belongs to bezel's own process", () => {
  const own = {
    BEZEL_PORT: '1',
    LISTEN_FDS: '1',
    LISTEN_PID: '2',
    LISTEN_FDNAMES: 'x',
    NOTIFY_SOCKET: '/n',
    WATCHDOG_USEC: '1',
    NODE_CHANNEL_FD: '3',
  }
  const kept = { PATH: '/bin', RAILS_ENV: 'production', LISTEN_ADDRESS: 'x', NODE_ENV: 'production', EMPTY: '' }
  expect(inheritedEnvironment({ ...own, ...kept, GONE: undefined })).toEqual(kept)
})
