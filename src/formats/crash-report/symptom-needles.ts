/** Parted by `|`, which no needle holds. */
const groups = [
  // Ruby's report and Apple's.
  '[BUG]|-- Control frame|-- control frame|-- Ruby level|-- Machine reg|-- C level|-- Threading|c:00|c:01|) [0x|<OBJ_INFO:|rb_vm_bugreport|_sigtramp|RIP: 0x|rip: 0x|RAX: 0x|rax: 0x|EFL: 0x| sp: 0x',
  'received in SEGV|received in BUS|received in ILL|Crashed while| Crashed:|Exception Type: |"bug_type"|Crashtracker|Termination Reason',
  // Load failures.
  'shared object|shared librar| not found|ncompatible|ndefined symbol|lookup error|missing symbol|in flat namespace|ELF class|ELF header|ELF file|ELF load|file too short',
  'read file data|executable stack|TLS block|cannot load such|no such file to load|extensions are not built|did find: [|Could not find',
  "not loaded|compatible arch|wrong arch|CPU type|format error|relocating|be preloaded|IS_BINARY_GEM|dlopen|dlsym|load the gem '|not open library",
  'o such file or directory|qemu-|requires ruby version|requires Ruby version|specified module|specified procedure|valid Win32',
  // Aborts.
  'double free|free(): |alloc(): |chunk(): |consolidate(): |tcache|trim(): |corrupted |stack smashing|buffer overflow det|glibc error',
  'ssertion|terminate called|: terminat|panicked at|JIT has panicked|glibc detected|Sanitizer|runtime error|on child side|fork() was called|*** error|*** Error in',
  '<jemalloc>|tcmalloc.cc|Incorrect checksum|Heap corruption|heck failed|HECK failed|TION FAILED|Fatal error in|heap out of memory|%N$|pure virtual|fastbin|%n in writable|longjmp causes',
  // Exceptions.
  'trap context|log writing failed|level too deep|SystemStackError|machine stack ove|create Thread|actor::|actor unsafe|main ractor|main Ractor',
  'allocate memory|NoMemoryError|bad record mac|SSL SYSCALL|server closed the|SSL connection has|lost synchronization|do not agree',
  'most recent call last|already in progress|invalid bytecode|called on term|called on hidd|InvalidHash|a forked|socket descriptor|server while idle|unexpected field count|insufficient data|Packets out|Commands out|InheritedError|PQconsumeInput|Lost connection|unable to fork',
  // Deaths.
  'Killed|Segmentation fault|segfault at|Aborted|Abort trap|Bus error|Illegal instr|Floating point ex|breakpoint trap|BPT trap',
  'ut of memory|oom-kill|oom_reaper|OOMKilled|quota vastly|exited with|exit code|exit status|exited code|exited status|status: 13',
  'status 13|status=13|by signal|with signal|from signal|received signal|signal handler called|#0  0x|SIGABRT|SIGSEGV|SIGBUS|SIGILL|SIGKILL|SIGFPE|SIGTRAP|SIGSYS',
  ' abort  | segmentation fault| bus error| killed  |illegal hardware|Stack trace of thread|code=killed|code=dumped|traps: |ExitCode|xit Code|exit_code|target signal|action of signal',
]

/**
 * Every line worth a closer look holds one of these. False alarms are cheap, a line without any costs one pass over its bytes.
 * `symptom-needles.test.ts` keeps the list in step with the readers of each kind of line.
 */
export const symptomNeedles: readonly string[] = groups.flatMap((group) => group.split('|'))
