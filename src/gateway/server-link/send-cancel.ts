import { cancelRequest } from '../../formats/pgwire/client-messages.ts'
import { underDeadline, type ConnectOptions } from './attempt.ts'
import type { ConnectFailure } from './connect-failure.ts'
import { withEncryptions } from './encryptions.ts'
import { openChannel } from './open-channel.ts'
import { StartReader } from './start-reader.ts'
import type { ServerTarget } from './target.ts'

/**
 * Asks a server to cancel what a backend is doing (PostgreSQL manual, "Canceling Requests in Progress"), encrypted like a connection to it.
 * Resolves when the server has closed the connection, which is after it has signalled the backend; whether that had anything to cancel isn't told.
 * Never rejects.
 */
export async function sendCancel(
  target: ServerTarget,
  pid: number,
  secret: Buffer,
  options: ConnectOptions,
): Promise<{ readonly tag: 'Sent' } | ConnectFailure> {
  return underDeadline(options, (attempt) =>
    withEncryptions(target, async (encryption) => {
      const socket = await openChannel(target, encryption, attempt)
      const reader = new StartReader(socket)
      attempt.stage = 'start-up'
      socket.write(cancelRequest(pid, secret))
      await reader.untilEnd()
      socket.on('error', () => {})
      reader.release()
      socket.destroy()
      return { tag: 'Sent' } as const
    }),
  )
}
