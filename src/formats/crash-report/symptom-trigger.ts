/**
 * One expression that every line worth a closer look matches, so that an ordinary log line costs one test. False alarms are cheap.
 * Kept in step with the readers of each kind of line by `symptom-trigger.test.ts`.
 */
export const symptomTrigger = new RegExp(
  [
    String.raw`\[BUG\]|-- (?:Control|Ruby level|Machine|C level|Threading) |\bc:\d{4} +p:|\) \[0x[0-9a-f]|<OBJ_INFO:|[A-Z]+ received in [A-Z]+ handler|Crashed while`,
    String.raw`Thread \d+ Crashed:|Exception Type: |"bug_type"|Termination Reason`,
    // Load failures.
    String.raw`shared (?:object|librar)|not found|ncompatible|ndefined symbol|lookup error|ELF |file (?:too short|data)|executable stack|TLS block|cannot load such|no such file to load`,
    String.raw`extensions are not built|did find: \[|Could not find|not loaded|image not found|compatible arch|wrong arch|CPU type|format error|relocating|preloaded|IS_BINARY_GEM|dlopen|dlsym`,
    String.raw`o such file or directory|specified (?:module|procedure)|valid Win32|load the gem '`,
    // Aborts.
    String.raw`double free|\w\(\): |corrupted |stack smashing|buffer overflow det|glibc error|ssertion|terminat|panicked at|Sanitizer|runtime error|on child side|fork\(\) was called|\*\*\* error|<jemalloc>|pure virtual|fastbin`,
    // Exceptions.
    String.raw`trap context|log writing failed|level too deep|SystemStackError|create Thread|[Rr]actor|allocate memory|NoMemoryError|bad record mac|SSL SYSCALL|server closed|SSL connection|synchronization|do not agree|already in progress|invalid bytecode|called on (?:term|hidd)|InvalidHash|forked|Packets out|Lost connection|unable to fork`,
    // Deaths.
    String.raw`Killed|Segmentation|segfault|Abort|Bus error|llegal instr|Floating point ex|breakpoint trap|BPT trap|ut of memory|oom|OOMKilled|quota vastly|[Ee]xit(?:ed)? (?:with |code|status)|exited|killed|signal|SIG[A-Z]|status=|traps: `,
  ].join('|'),
)
