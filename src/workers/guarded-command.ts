/**
 * What runs in the child before the worker's own command takes its place (POSIX sh):
 * ends if the keeper died before the parent-death signal was set; no core files; and the kernel's choice when memory ends.
 */
const prelude = [
  '[ "$PPID" = "$1" ] || exit 125',
  'ulimit -c 0',
  '[ "$2" = - ] || umask "$2"',
  'echo "$3" 2>/dev/null >/proc/self/oom_score_adj',
  'shift 3',
  'exec "$@"',
].join('\n')

/**
 * Wraps a worker's command. SIGKILL as parent-death signal, because a stopped process doesn't act on any other; it survives
 * each exec of the same credentials (prctl(2), PR_SET_PDEATHSIG), so it holds for what the command becomes.
 */
export function guardedCommand(
  command: readonly string[],
  { keeper, umask, oomScoreAdj }: { readonly keeper: number; readonly umask: number | null; readonly oomScoreAdj: number },
): { readonly file: string; readonly args: readonly string[] } {
  const mask = umask === null ? '-' : umask.toString(8).padStart(4, '0')
  return {
    file: 'setpriv',
    args: ['--pdeathsig', 'KILL', '--', 'sh', '-c', prelude, 'bezel', String(keeper), mask, String(oomScoreAdj), ...command],
  }
}
