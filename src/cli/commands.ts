import type { Commands } from './create-program.ts'

/** In the order of the help. */
export const commands: Commands = {
  run: async () => (await import('./run.ts')).registerRun,
  doctor: async () => (await import('./doctor.ts')).registerDoctor,
  guard: async () => (await import('./guard.ts')).registerGuard,
  explain: async () => (await import('./explain.ts')).registerExplain,
  config: async () => (await import('./config.ts')).registerConfig,
  status: async () => (await import('./status.ts')).registerStatus,
  incidents: async () => (await import('./incidents.ts')).registerIncidents,
}
