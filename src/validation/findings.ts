/** `error` makes the app incompatible, `warning` asks for a look, `note` explains. */
export type Severity = 'error' | 'warning' | 'note'

interface FindingRule {
  readonly severity: Severity
  /** What it means, in one sentence that holds for every case. */
  readonly means: string
  /** A real line of evidence. */
  readonly example: string
}

/** Every finding there is. `docs/findings.md` is made from this table. */
export const findingRules = {
  RUBY_ABSENT: {
    severity: 'error',
    means:
      'There is no Ruby to judge for: nothing can be said about the gems. Only in JSON; else it is an error of its own, and ends with 69.',
    example: 'neither /usr/local/bin/ruby nor /usr/bin/ruby exists',
  },
  RUBY_BROKEN: {
    severity: 'error',
    means: 'The interpreter that the app would use is there and does not start.',
    example: 'error while loading shared libraries: libruby-3.1.so.3.1: cannot open shared object file',
  },
  RUBY_MOVED: {
    severity: 'error',
    means:
      'The interpreter stands elsewhere than it was built for, and looks for its standard library where nothing is: without RUBYLIB it finds not even RubyGems.',
    example: '/opt/ruby/bin/ruby was built for /usr/local, where no standard library is',
  },
  GEMFILE_UNREADABLE: {
    severity: 'error',
    means: 'The Gemfile can not be read, or is amid a merge: Bundler refuses to start the app.',
    example: 'line 12: a merge conflict marker: resolve the conflict first',
  },
  GEMFILE_RUBY_DIFFERS: {
    severity: 'error',
    means: 'The Gemfile asks for another Ruby than the one found; Bundler refuses to start the app.',
    example: 'Gemfile line 3 asks for ruby "~> 3.3"; /usr/bin/ruby3.1 is 3.1.2',
  },
  LOCK_RUBY_DIFFERS: {
    severity: 'warning',
    means: 'Gemfile.lock was written under another Ruby. Bundler does not enforce it, and the app starts.',
    example: 'RUBY VERSION ruby 2.7.8p225; the Ruby found is 3.1.2',
  },
  VERSION_FILE_DIFFERS: {
    severity: 'warning',
    means: 'A version file of the app asks for another Ruby than the one found. Nothing enforces it where no version manager runs.',
    example: '.ruby-version asks for 3.3.0; the Ruby found is 3.1.2',
  },
  LOCK_PLATFORM_ABSENT: {
    severity: 'warning',
    means: 'Gemfile.lock names other platforms than this one. Bundler adds it, and would refuse to start the app if the lock were frozen.',
    example: 'PLATFORMS are arm64-darwin-23; this is x86_64-linux',
  },
  LOCK_PLATFORM_REFUSED: {
    severity: 'error',
    means: 'Gemfile.lock names other platforms than this one, and is frozen (as in a deployment): Bundler refuses to start the app.',
    example: 'PLATFORMS are arm64-darwin-23; this is x86_64-linux; BUNDLE_DEPLOYMENT is true',
  },
  BUNDLER_ABSENT: {
    severity: 'error',
    means:
      "Gemfile.lock was written by another major version of Bundler than any that is installed, and this Ruby's RubyGems (before 3.3) starts no other for it.",
    example: 'BUNDLED WITH 4.0.1; installed is 2.2.5, 2.1.4',
  },
  DOCKERFILE_RUBY_DIFFERS: {
    severity: 'note',
    means: "The app's Dockerfile runs another Ruby than the one found: what fits here may not fit there.",
    example: 'Dockerfile:1: FROM ruby:3.3-slim; the Ruby found is 3.1.2',
  },
  LOCK_ABSENT: {
    severity: 'note',
    means:
      'The app has no Gemfile.lock, so what its Gemfile asks for was validated, with what that needs, in the newest version that serves; or every installed gem, where that can not be told.',
    example: '/srv/app/Gemfile.lock does not exist',
  },
  OTHER_VERSION_BROKEN: {
    severity: 'warning',
    means:
      'The app has no Gemfile.lock, its Gemfile leaves open which version of a gem it asks for, and one that is installed beside the newest can not be loaded: *unknown*. A lock tells which is wanted.',
    example: 'pg-1.4.6/lib/pg_ext.so needs libruby-2.7.so.2.7; pg 1.5.9 is installed as well',
  },
  LOCK_MISSED: {
    severity: 'error',
    means:
      'The app has a Gemfile and no Gemfile.lock, or an empty one, and is frozen (as in a deployment): Bundler refuses to start the app.',
    example: '/srv/app/Gemfile.lock does not exist; BUNDLE_DEPLOYMENT is true',
  },
  LOCK_UNREADABLE: {
    severity: 'error',
    means: 'Gemfile.lock cannot be read, so nobody can tell which gems the app would load.',
    example: 'line 25: a merge conflict marker: resolve the conflict first',
  },
  LOCK_OUTDATED: {
    severity: 'error',
    means:
      'The Gemfile asks for a gem, or a version of it, that Gemfile.lock does not hold; the lock is frozen, or nothing that is installed serves: Bundler refuses to start the app.',
    example: 'Gemfile asks for pg = 1.5.6, Gemfile.lock holds 1.5.9; none that is installed serves',
  },
  GEM_ABSENT: {
    severity: 'warning',
    means:
      'A gem of Gemfile.lock is not installed where this Ruby looks. Unless its group is left out, or is an optional one, Bundler refuses to start the app.',
    example: 'pg 1.5.4 is in none of the gem folders',
  },
  NEEDED_GEM_ABSENT: {
    severity: 'error',
    means: 'A gem that the Gemfile needs outside every group is not installed where this Ruby looks: Bundler refuses to start the app.',
    example: 'bcrypt 3.1.20 is in none of the gem folders; the Gemfile needs it, whatever the groups',
  },
  GEM_INCOMPLETE: {
    severity: 'error',
    means: 'A gem of the app is installed in part: of its folder and its specification one is there, the other is not.',
    example: 'specifications/bcrypt-3.1.20.gemspec is there, gems/bcrypt-3.1.20 is not',
  },
  GEM_FOR_OTHER_RUBY: {
    severity: 'error',
    means: "A gem of Gemfile.lock is installed only for another Ruby, in that one's folder.",
    example: 'vendor/bundle/ruby/2.7.0 holds pg 1.5.4; this Ruby looks in vendor/bundle/ruby/3.1.0',
  },
  GEMSPEC_BROKEN: {
    severity: 'error',
    means:
      "Ruby can not evaluate the specification of an installed gem of Gemfile.lock (it is empty, cut, amid a merge, or another gem's): RubyGems and Bundler do not find the gem.",
    example: 'specifications/pg-1.5.4.gemspec is cut: its last "end" is missing',
  },
  GEMSPEC_UNREADABLE: {
    severity: 'warning',
    means: 'The specification of an installed gem can not be understood, in whole or in part; what it hides is not validated.',
    example: 'specifications/pg-1.5.4.gemspec has neither stub lines nor a plain name',
  },
  REQUIRED_RUBY_UNMET: {
    severity: 'warning',
    means: 'The gem itself states that it does not support this Ruby.',
    example: 'pg 1.7.0 requires ruby >= 3.1; the Ruby found is 2.7.4',
  },
  KNOWN_BAD_VERSION: {
    severity: 'warning',
    means: 'This version of the gem (or of Ruby) is publicly known to crash or corrupt in this combination.',
    example: 'pg 1.5.1 is >= 1.5.0, < 1.5.3: https://github.com/ged/ruby-pg/issues/530',
  },
  EXTENSION_NOT_BUILT: {
    severity: 'error',
    means: 'RubyGems ignores the gem: the mark of a finished build for this Ruby (gem.build_complete) is missing.',
    example: 'extensions/x86_64-linux/3.1.0/pg-1.5.4/gem.build_complete does not exist; 2.7.0 has one',
  },
  EXTENSION_ABSENT: {
    severity: 'error',
    means:
      'A compiled file is not where the gem loads it: it is gone, or (of a path: source, which Bundler never compiles) was never made.',
    example: 'no .so in gems/pg-1.5.4/lib nor in extensions/x86_64-linux/3.1.0/pg-1.5.4',
  },
  PRECOMPILED_FOR_OTHERS: {
    severity: 'error',
    means: 'A precompiled gem holds no file for this minor version of Ruby.',
    example: 'lib/3.2/pg_ext.so, lib/3.3/pg_ext.so; this Ruby is 3.1',
  },
  BUILT_FOR_OTHER_RUBY: {
    severity: 'error',
    means: 'The compiled file itself names another Ruby than the one that would load it.',
    example: 'DT_NEEDED libruby-2.7.so.2.7 in lib/pg_ext.so; this Ruby is 3.1',
  },
  RUBY_SYMBOL_ABSENT: {
    severity: 'error',
    means: 'The compiled file uses a function or variable of Ruby that this Ruby does not have.',
    example: 'undefined symbol rb_cData in lib/pg_ext.so',
  },
  LIBRARY_SYMBOL_ABSENT: {
    severity: 'error',
    means: 'The compiled file uses a symbol that none of its libraries offers: one of them is older than at build time.',
    example: 'undefined symbol PQpipelineSync; libpq.so.5 does not offer it',
  },
  EVIDENCE_CONTRADICTS: {
    severity: 'warning',
    means: 'Two pieces of evidence about one compiled file name different Rubies; the one inside the file counts.',
    example: 'extensions/x86_64-linux/3.1.0 says 3.1.0; its debug information says 2.7.0',
  },
  COPIES_DIFFER: {
    severity: 'note',
    means: 'The gem has two different copies of one extension; the one in lib is loaded.',
    example: 'lib/pg_ext.so has 1184288 bytes, extensions/x86_64-linux/3.1.0/pg-1.5.4/pg_ext.so has 226840',
  },
  SHADOWED_COPY_WRONG: {
    severity: 'note',
    means: 'A second copy of the extension, which is not loaded, is for another Ruby.',
    example: 'extensions/x86_64-linux/3.1.0/pg-1.5.4/pg_ext.so needs libruby-2.7.so.2.7; lib/pg_ext.so is right',
  },
  ORIGIN_UNKNOWN: {
    severity: 'warning',
    means: 'Nothing tells for which Ruby the native code was built: no libruby, no debug information, or no file at all. It may be right.',
    example: 'lib/bcrypt_ext.so is stripped and links no libruby',
  },
  EXTENSION_UNREADABLE: {
    severity: 'error',
    means: 'The compiled file is no readable library.',
    example: 'offset 64: the program header table ends behind the end of the file',
  },
  EXTENSION_TRUNCATED: {
    severity: 'error',
    means: 'The compiled file is shorter than its own headers say.',
    example: 'lib/pg_ext.so has 65536 bytes; its last segment ends at 225288',
  },
  EXTENSION_NO_LIBRARY: {
    severity: 'error',
    means: 'What bears the name of an extension is another kind of file.',
    example: 'lib/pg_ext.so is a Git LFS pointer',
  },
  ARCHITECTURE_DIFFERS: {
    severity: 'error',
    means: 'The compiled file is for another processor than Ruby.',
    example: 'lib/pg_ext.so is for AArch64, 64 bit; /usr/bin/ruby3.1 for x86-64, 64 bit',
  },
  LIBC_DIFFERS: {
    severity: 'error',
    means: 'The compiled file was built for another C library (musl or glibc) than Ruby.',
    example: 'lib/pg_ext.so needs libc.musl-x86_64.so.1; Ruby runs on glibc',
  },
  LIBRARY_ABSENT: {
    severity: 'error',
    means: 'A shared library that the extension needs is not installed.',
    example: "libpq.so.5, needed by lib/pg_ext.so, is in none of the loader's folders",
  },
  LIBRARY_DAMAGED: {
    severity: 'error',
    means:
      'A shared library that the extension needs is there, and the loader can not use it: it is empty, cut, another file, or for another processor.',
    example: '/usr/lib/x86_64-linux-gnu/libpq.so.5 is empty',
  },
  LIBRARY_TOO_OLD: {
    severity: 'error',
    means: 'A shared library is older than the one the extension was built with.',
    example: 'lib/nokogiri.so needs GLIBC_2.38 of libc.so.6, which offers up to GLIBC_2.36',
  },
  INIT_ABSENT: {
    severity: 'error',
    means: 'The compiled file has no Init function of its name: it was renamed, or is another file.',
    example: 'lib/pg_ext.so offers no Init_pg_ext',
  },
  ABI_VERSION_ABSENT: {
    severity: 'error',
    means: 'This Ruby is a development version, and loads only extensions that name its own ABI version.',
    example: 'lib/pg_ext.so offers no ruby_abi_version; Ruby is 3.5.0dev',
  },
  LIBRUBY_UNWANTED: {
    severity: 'error',
    means: 'The extension brings a second copy of Ruby (libruby) into the process; Ruby refuses it ("incompatible library version").',
    example: 'lib/pg_ext.so brings /usr/lib/x86_64-linux-gnu/libruby-3.3.so.3.3; /usr/local/bin/ruby is another build',
  },
  ALLOCATOR_LATE: {
    severity: 'warning',
    means: 'The extension is linked with jemalloc and Ruby is not: loaded late, it can run out of static thread-local storage.',
    example: 'DT_NEEDED libjemalloc.so.2 in lib/msgpack.so; /usr/bin/ruby3.1 does not need it',
  },
  TWO_LIBRARIES: {
    severity: 'note',
    means:
      'Two versions of one library end up in the process. With versioned symbols that is harmless; it is the first suspect when TLS or the database driver crashes.',
    example: 'pg needs libpq-ruby-pg.so.1, sequel_pg needs libpq.so.5',
  },
  PRELOAD_BROKEN: {
    severity: 'warning',
    means:
      'LD_PRELOAD (or /etc/ld.so.preload) names a library that is missing or for another processor; the loader warns and goes on without it.',
    example: 'LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2 does not exist',
  },
  FOLDER_NOT_EXECUTABLE: {
    severity: 'error',
    means: 'The gems stand on a file system that is mounted noexec: no library can be loaded from it.',
    example: '/srv/app/vendor is on /srv, mounted noexec',
  },
  ENVIRONMENT_DIFFERS: {
    severity: 'warning',
    means: 'A variable of the environment names another Ruby than the one found.',
    example: 'GEM_HOME=/usr/local/bundle/ruby/2.7.0; Ruby is 3.1.2',
  },
  EXECUTABLE_STACK_REFUSED: {
    severity: 'error',
    means: 'The compiled file wants an executable stack, and the C library of this system refuses to load such a file.',
    example: 'PT_GNU_STACK of lib/fast.so has flags RWE; /usr/lib/x86_64-linux-gnu/libc.so.6 is glibc 2.41',
  },
  EXECUTABLE_STACK: {
    severity: 'warning',
    means: 'The compiled file asks for an executable stack, which glibc from 2.41 on and hardened kernels refuse.',
    example: 'PT_GNU_STACK of lib/fast.so has flags RWE',
  },
  LOAD_REFUSED: {
    severity: 'error',
    means: 'Ruby could not load the extension in a process of its own.',
    example: 'LoadError: incompatible library version - lib/pg_ext.so',
  },
  LOAD_CRASHED: {
    severity: 'error',
    means: 'A process that loaded the extension died.',
    example: 'SIGSEGV while loading lib/fast.so',
  },
  EXIT_CRASHED: {
    severity: 'warning',
    means: 'A process that loaded the extension died when it ended: each stop of a worker would leave a crash report.',
    example: 'SIGSEGV at the end of a process that loaded lib/fast.so',
  },
  LOAD_HUNG: {
    severity: 'error',
    means: 'A process that loaded the extension did not come back within its time.',
    example: 'lib/fast.so: no answer within 20 s',
  },
  BINDING_INCOMPLETE: {
    severity: 'error',
    means:
      'The extension loads, and would end the process at the first call of a function that is missing (status 127, without an exception).',
    example: 'LD_BIND_NOW=1: undefined symbol: rb_tainted_str_new',
  },
  PROBE_FAILED: {
    severity: 'warning',
    means: 'The load probe itself could not run, so loading is not proven.',
    example: 'ruby: cannot allocate memory',
  },
  FILE_UNREADABLE: {
    severity: 'warning',
    means: 'A file or folder is there and could not be read.',
    example: 'vendor/bundle/ruby/3.1.0/gems/pg-1.5.4: permission denied (EACCES)',
  },
  STAGES_RUBY_DIFFERS: {
    severity: 'error',
    means: 'A Dockerfile copies gems built by one Ruby into an image of another.',
    example: 'Dockerfile:9: COPY --from=build /usr/local/bundle: built on ruby:3.1, copied into ruby:3.3-slim',
  },
  STAGES_LIBC_DIFFERS: {
    severity: 'error',
    means: 'A Dockerfile copies gems built on one C library into an image of the other.',
    example: 'Dockerfile:9: built on ruby:3.3, copied into ruby:3.3-alpine',
  },
  STAGES_PLATFORM_DIFFERS: {
    severity: 'error',
    means: 'A Dockerfile copies gems built for one processor into an image for another.',
    example: 'Dockerfile:9: built for linux/arm64, copied into linux/amd64',
  },
  STAGES_RELEASE_DIFFERS: {
    severity: 'warning',
    means: 'A Dockerfile copies gems built on one release of the distribution into another: their libraries may differ.',
    example: 'Dockerfile:9: built on ruby:3.3-bookworm, copied into ruby:3.3-slim-bullseye',
  },
  STAGE_LIBRARY_ABSENT: {
    severity: 'warning',
    means: 'A Dockerfile builds gems with a library that its final stage does not install.',
    example: 'stage build installs libpq-dev; the final stage installs no libpq5',
  },
  HOST_BUNDLE_COPIED: {
    severity: 'warning',
    means: "A Dockerfile copies this machine's vendor/bundle into the image.",
    example: 'Dockerfile:7: COPY . takes vendor/bundle along, and .dockerignore does not leave it out',
  },
  DOCKERFILE_TELLS_NOTHING: {
    severity: 'note',
    means:
      'A Dockerfile installs no gems, or copies them between images of which not both name their Ruby: nothing tells whether they fit.',
    example: 'Dockerfile: no instruction installs gems',
  },
  DOCKERFILE_UNREADABLE: {
    severity: 'error',
    means: 'The file is no Dockerfile.',
    example: 'line 1: no FROM: not a Dockerfile',
  },
  SEVERAL_RUBIES: {
    severity: 'note',
    means: 'There are several Rubies; the first one found is judged.',
    example: '/usr/local/bin/ruby (3.3.0), /usr/bin/ruby3.1 (3.1.2)',
  },
} as const satisfies Record<string, FindingRule>

export type FindingCode = keyof typeof findingRules
