import type { FrontDoorEvent } from './events/front-door.ts'
import type { GatewayEvent } from './events/gateway.ts'
import type { KeeperEvent } from './events/keeper.ts'
import type { RecoveryEvent } from './events/recovery.ts'
import type { ValidationEvent } from './events/validation.ts'
import type { WorkersEvent } from './events/workers.ts'

/**
 * Every fact that bezel tells: logs, metrics, incidents, server-sent events and library users read this one stream.
 * Facts are plain data (they cross a process border as JSON) and past tense.
 */
export type BezelEvent = FrontDoorEvent | GatewayEvent | KeeperEvent | RecoveryEvent | ValidationEvent | WorkersEvent
