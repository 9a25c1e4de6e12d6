import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { frontDoorDefaults } from '../front-door/options.ts'
import type { ForKeeper } from './assemble.ts'

/** What a data plane tells before it is configured, when its process may have 1,024 descriptors. */
async function facts(maxConnections: number): Promise<unknown[]> {
  const limited = ['--nofile=1024:1024', process.execPath, join(import.meta.dirname, 'main.ts')]
  const child = spawn('prlimit', limited, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  try {
    child.send({ tag: 'Configure', era: 1, frontDoor: { ...frontDoorDefaults, maxConnections }, gateway: null })
    const told: unknown[] = []
    for (;;) {
      const [message] = (await once(child, 'message')) as [ForKeeper]
      if (message.tag === 'Configured') return told
      if (message.tag === 'Fact') told.push(message.event)
    }
  } finally {
    child.disconnect()
    await once(child, 'exit')
  }
}

test('a data plane that may open few files lets in as many clients as it can serve, and says so', async () => {
  expect(await facts(10_000)).toEqual([{ tag: 'ClientsLimited', wanted: 10_000, allowed: 256, openFiles: 1_024 }])
})

test('one that may open enough says nothing', async () => {
  expect(await facts(256)).toEqual([])
})
