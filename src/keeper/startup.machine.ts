import type { Step } from '../resilience/moment.ts'

/**
 * The order in which a backend comes up. Nothing listens before the gems are proven and a worker has answered.
 *
 *     Idle ──► Validating ──fits──► Connecting ──data plane up──► Booting ──worker ready──► Opening ──listening──► Serving
 *                  │ refused             │ failed                    │ gave up                │ failed               │ gave up
 *                  └────────────────────►└──────────► Failed ◄──────┴────────────────────────┴──────────────────────┘
 *
 * Without a data plane (mode `cluster`, gateway off) Connecting is left at once; in mode `cluster` the app's own server
 * opens the port, and Opening is left at once.
 */
export type Startup =
  | { readonly tag: 'Idle' | 'Validating' | 'Connecting' | 'Booting' | 'Opening' | 'Serving' }
  | { readonly tag: 'Failed'; readonly code: number }

export type StartupEvent =
  | { readonly tag: 'Start' }
  /** `refused` only where validation is enforced: `warn` and `off` say that it fits. */
  | { readonly tag: 'Validated'; readonly fits: boolean }
  | { readonly tag: 'DataPlaneUp' }
  | { readonly tag: 'WorkerReady' }
  | { readonly tag: 'PortListens' }
  /** A step failed for good; the exit code says why. */
  | { readonly tag: 'Broke'; readonly code: number }

export type StartupEffect =
  | { readonly tag: 'Validate' }
  | { readonly tag: 'StartDataPlane' }
  | { readonly tag: 'StartWorkers' }
  | { readonly tag: 'OpenPort' }
  | { readonly tag: 'Stop'; readonly code: number }

export interface StartupPolicy {
  /** Front door or gateway: something has to run in the data plane. */
  readonly dataPlane: boolean
  /** The front door owns the public port. */
  readonly frontDoor: boolean
}

type StartupStep = Step<Startup, StartupEffect>

/** DESIGN §6: Ruby and its extensions don't fit. */
const codeRefused = 78

export const idleStartup: Startup = { tag: 'Idle' }

export function stepStartup(state: Startup, event: StartupEvent, policy: StartupPolicy): StartupStep {
  if (event.tag === 'Broke' && state.tag !== 'Failed') return fail(event.code)
  switch (state.tag) {
    case 'Idle':
      return event.tag === 'Start' ? become('Validating', { tag: 'Validate' }) : stay(state)
    case 'Validating':
      if (event.tag !== 'Validated') return stay(state)
      if (!event.fits) return fail(codeRefused)
      return policy.dataPlane ? become('Connecting', { tag: 'StartDataPlane' }) : become('Booting', { tag: 'StartWorkers' })
    case 'Connecting':
      return event.tag === 'DataPlaneUp' ? become('Booting', { tag: 'StartWorkers' }) : stay(state)
    case 'Booting':
      if (event.tag !== 'WorkerReady') return stay(state)
      return policy.frontDoor ? become('Opening', { tag: 'OpenPort' }) : become('Serving')
    case 'Opening':
      return event.tag === 'PortListens' ? become('Serving') : stay(state)
    case 'Serving':
    case 'Failed':
      return stay(state)
  }
}

function become(tag: Exclude<Startup['tag'], 'Failed'>, ...effects: readonly StartupEffect[]): StartupStep {
  return { state: { tag }, effects }
}

function stay(state: Startup): StartupStep {
  return { state, effects: [] }
}

function fail(code: number): StartupStep {
  return { state: { tag: 'Failed', code }, effects: [{ tag: 'Stop', code }] }
}
