export interface SpecProperty {
  /** 1 to 28, as in the specification. */
  readonly number: number
  readonly title: string
  readonly text: string
  /** The requirements that it validates. */
  readonly requirements: readonly string[]
}

/** The specification's correctness properties, with its own numbers and words. */
export const catalogue: readonly SpecProperty[] = [
  {
    number: 1,
    title: 'Ruby Version Consistency Validation',
    text: 'For any Ruby backend startup with installed gems, the version validator should reject any gem compiled for a different Ruby version than the current runtime',
    requirements: ['1.1', '1.4', '7.1'],
  },
  {
    number: 2,
    title: 'Version Mismatch Logging and Exit',
    text: 'For any detected Ruby version mismatch, the system should log detailed version information and exit gracefully with appropriate status codes',
    requirements: ['1.2'],
  },
  {
    number: 3,
    title: 'Recompilation Command Generation',
    text: 'For any gem with version compatibility issues, the system should generate specific, actionable recompilation commands',
    requirements: ['1.3', '7.3'],
  },
  {
    number: 4,
    title: 'Production Validation Sequence',
    text: 'For any production startup, gem integrity validation should complete successfully before the server accepts any connections',
    requirements: ['1.5'],
  },
  {
    number: 5,
    title: 'Connection Pool Timeout Handling',
    text: 'For any database connection request, the connection pool should respect configured timeouts and handle pool exhaustion gracefully',
    requirements: ['2.1', '8.1'],
  },
  {
    number: 6,
    title: 'Database Connection Retry with Backoff',
    text: 'For any failed database connection, the system should implement exponential backoff retry logic without crashing worker processes',
    requirements: ['2.2', '8.3'],
  },
  {
    number: 7,
    title: 'Connection Pool Graceful Queuing',
    text: 'For any connection pool exhaustion scenario, requests should be queued gracefully rather than causing segmentation faults',
    requirements: ['2.3'],
  },
  {
    number: 8,
    title: 'Health Check Isolation',
    text: 'For any database health check operation, the testing should be isolated to prevent worker crashes while providing accurate status',
    requirements: ['2.4'],
  },
  {
    number: 9,
    title: 'Circuit Breaker Implementation',
    text: 'For any persistent database or system failures, the circuit breaker should open after threshold failures and prevent further attempts until recovery',
    requirements: ['2.5', '5.3'],
  },
  {
    number: 10,
    title: 'Segmentation Fault Recovery',
    text: 'For any native extension operation that could cause segmentation faults, the error recovery system should catch and handle them gracefully',
    requirements: ['2.6'],
  },
  {
    number: 11,
    title: 'Worker Process Isolation',
    text: 'For any worker process crash or exception, the error should be contained to that worker without affecting other workers',
    requirements: ['3.1', '3.4'],
  },
  {
    number: 12,
    title: 'Automatic Worker Management',
    text: 'For any worker crash scenario, the system should automatically restart the worker with crash tracking and implement backoff delays for rapid failures',
    requirements: ['3.2', '3.3', '3.5'],
  },
  {
    number: 13,
    title: 'Signal Handler Graceful Shutdown',
    text: 'For any SIGINT or SIGTERM signal, the signal handler should initiate graceful shutdown without trap context errors',
    requirements: ['4.1'],
  },
  {
    number: 14,
    title: 'Resource Cleanup During Shutdown',
    text: 'For any shutdown sequence, all database connections should be closed cleanly and pending operations completed within timeout limits',
    requirements: ['4.2', '4.3'],
  },
  {
    number: 15,
    title: 'Connection Management During Shutdown',
    text: 'For any shutdown process, new connections should be rejected while existing requests complete gracefully',
    requirements: ['4.4'],
  },
  {
    number: 16,
    title: 'Shutdown Exit Codes',
    text: 'For any shutdown scenario, the system should exit with appropriate status codes indicating the shutdown reason',
    requirements: ['4.5'],
  },
  {
    number: 17,
    title: 'Error State Capture',
    text: 'For any segmentation fault or critical error, the error recovery system should capture stack traces and system state before termination',
    requirements: ['5.1'],
  },
  {
    number: 18,
    title: 'Native Extension Error Diagnostics',
    text: 'For any native extension error, the system should provide gem version and compilation diagnostic information',
    requirements: ['5.2'],
  },
  {
    number: 19,
    title: 'Structured Error Logging',
    text: 'For any error condition, the error recovery system should log structured, parseable error information for debugging and monitoring',
    requirements: ['5.4'],
  },
  {
    number: 20,
    title: 'Graceful Degradation',
    text: 'For any critical error, the system should attempt graceful degradation before complete failure',
    requirements: ['5.5'],
  },
  {
    number: 21,
    title: 'Comprehensive Health Monitoring',
    text: 'For any health check execution, the system should validate Ruby version consistency, track worker statistics, and provide detailed diagnostics',
    requirements: ['6.1', '6.3', '6.4'],
  },
  {
    number: 22,
    title: 'Non-Intrusive Performance Monitoring',
    text: 'For any database connection monitoring, health checks should not impact system performance',
    requirements: ['6.2'],
  },
  {
    number: 23,
    title: 'Actionable Remediation Guidance',
    text: 'For any detected stability issue, the health check system should provide specific, actionable remediation steps',
    requirements: ['6.5'],
  },
  {
    number: 24,
    title: 'Gem Installation Validation',
    text: 'For any gem installation, the system should verify compilation compatibility before allowing usage',
    requirements: ['7.2'],
  },
  {
    number: 25,
    title: 'Critical Gem Compatibility Matrix',
    text: 'For any critical gem (pg, iodine, bcrypt), the system should maintain accurate compatibility information and validate against it',
    requirements: ['7.4'],
  },
  {
    number: 26,
    title: 'Container Environment Validation',
    text: 'For any containerized deployment, the system should validate Ruby environment consistency across the container',
    requirements: ['7.5'],
  },
  {
    number: 27,
    title: 'Connection Freshness Management',
    text: 'For any database connection, the connection pool should detect stale connections and refresh them automatically',
    requirements: ['8.2'],
  },
  {
    number: 28,
    title: 'Proactive Connection Health Management',
    text: 'For any connection pool, unhealthy connections should be detected and replaced preemptively, with detailed diagnostics provided during pool exhaustion',
    requirements: ['8.4', '8.5'],
  },
]
