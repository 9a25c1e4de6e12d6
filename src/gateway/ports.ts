import type { sendCancel } from './server-link/send-cancel.ts'
import type { ConnectServer } from './server-link/connect-server.ts'

/** What the gateway uses of the ground; tests put a misbehaving one in its place. */
export interface GatewayPorts {
  readonly connectServer: ConnectServer
  readonly sendCancel: typeof sendCancel
}
