#!/bin/sh
# Puts in place what the project needs, and nothing twice: npm packages (Node 24 and PostgreSQL are among them), Ruby with
# a compiler and the headers of libpq, the gems of the examples. Needs only sh, and an older Node with npm.
#
#   scripts/setup.sh demo|test|bench     what for: each needs more than the one before it
#
# Exit 0: all there. 69: something is missing that it can't install here; it says what.
set -eu
cd "$(dirname "$0")/.."
purpose=${1:-test}
case $purpose in demo | test | bench) ;; *) echo "setup.sh: '$purpose' is none of demo, test, bench" >&2; exit 64 ;; esac

# A locale or a home folder that does not exist here breaks perl, apt, npm and Bundler in ways that look like something else.
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive BUNDLE_SILENCE_ROOT_WARNING=1 BUNDLE_FROZEN=true
unset LANGUAGE RUBYOPT BUNDLE_GEMFILE BUNDLE_PATH
mkdir -p tmp/setup
if [ -z "${HOME:-}" ] || [ ! -w "$HOME" ]; then
  mkdir -p tmp/setup/home && HOME=$PWD/tmp/setup/home && export HOME
fi

# Two at a time would install over each other.
if [ -z "${BEZEL_SETUP_LOCKED:-}" ] && command -v flock >/dev/null; then
  export BEZEL_SETUP_LOCKED=1
  exec flock -o tmp/setup/lock sh "$PWD/scripts/setup.sh" "$purpose"
fi

say() { printf '  %s\n' "$*" >&2; }

unavailable() {
  say "$1"
  exit 69
}

# heartbeat TITLE LOG: says every 15 s that the step goes on, until this script is gone or kills it.
heartbeat() {
  elapsed=0
  while kill -0 $$ 2>/dev/null && sleep 1; do
    elapsed=$((elapsed + 1))
    if [ $((elapsed % 15)) -eq 0 ]; then say "  … $1: $elapsed s, now at: $(tail -n 1 "$2" | cut -c 1-80)"; fi
  done
}

# step TITLE COMMAND…: runs it with its output in a log; says how long it took, or how it failed. It stays in the foreground, so that
# Ctrl-C reaches it.
step() {
  title=$1
  shift
  log="tmp/setup/$(printf %s "$title" | tr -c 'a-z0-9-' -).log"
  say "… $title"
  started=$(date +%s)
  : >"$log"
  heartbeat "$title" "$log" </dev/null &
  beat=$!
  code=0
  ("$@") >>"$log" 2>&1 </dev/null || code=$?
  kill "$beat" 2>/dev/null || :
  if [ "$code" -ne 0 ]; then
    tail -n 40 "$log" >&2
    say "✗ $title failed; its whole output: $PWD/$log"
    exit 69
  fi
  say "✓ $title ($(($(date +%s) - started)) s)"
}

# The network is allowed to fail once.
twice() { ("$@") || { sleep 3 && "$@"; }; }

# --- what the system must have -------------------------------------------------------------------------------------

has() { command -v "$1" >/dev/null 2>&1; }
ruby_has() { has ruby && ruby -e "$1" >/dev/null 2>&1; }

missing=
want() { missing="$missing $*"; }

has node && has npm || want nodejs npm
has ruby || want ruby
has bundle || want ruby-bundler
ruby_has 'require "rbconfig"; exit File.exist?(File.join(RbConfig::CONFIG["rubyhdrdir"], "ruby.h"))' || want ruby-dev
{ has cc || has gcc; } && has make && echo '#include <stdlib.h>' | cc -E - >/dev/null 2>&1 || want build-essential
has pg_config && [ -e "$(pg_config --includedir 2>/dev/null)/libpq-fe.h" ] || want libpq-dev
has setpriv && has prlimit && has flock || want util-linux
if [ "$purpose" != demo ]; then
  has ss || want iproute2
  for tool in patchelf openssl git; do has $tool || want $tool; done
  has debootstrap || [ -x /usr/sbin/debootstrap ] || want debootstrap
  has buildah || want buildah
  ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || want postgresql
fi
if [ "$purpose" = bench ]; then
  has nginx || [ -x /usr/sbin/nginx ] || want nginx-light
  has wrk || want wrk
fi

# apt waits for a lock that another one holds, instead of failing. Debian's PostgreSQL is wanted for its programs: it must not start
# a server of its own.
install_debian_packages() {
  case " $* " in
    *' postgresql '*)
      if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        mkdir -p /etc/postgresql-common && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
      fi
      ;;
  esac
  apt-get -o DPkg::Lock::Timeout=300 update &&
    apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold install -y --no-install-recommends "$@"
}

if [ -n "$missing" ]; then
  if [ "$(id -u)" -ne 0 ] || ! has apt-get; then
    unavailable "Missing here:$missing (Debian's names). Install them, on Debian by: sudo apt-get install -y$missing"
  fi
  # shellcheck disable=SC2086 # a list of words
  step "Debian packages:$missing" twice install_debian_packages $missing
else
  say '✓ Ruby, compiler, libpq'
fi

# --- npm packages --------------------------------------------------------------------------------------------------

node_24_runs() { "$1" -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 24 ? 0 : 1)' 2>/dev/null; }

# npm leaves optional packages out that don't want the Node it runs on, and bindings are optional: so Node 24 first, by itself.
install_npm_packages() {
  case $(uname -m) in x86_64) arch=x64 ;; aarch64) arch=arm64 ;; *) arch= ;; esac
  if [ -n "$arch" ] && ! node_24_runs node; then
    version=$(sed -n "s/.*\"node-linux-$arch\": \"\([0-9.]*\)\".*/\1/p" package.json)
    npm install --prefix tmp/setup/node --no-save --no-package-lock --no-audit --no-fund --prefer-offline "node-linux-$arch@$version" || return
    PATH=$PWD/tmp/setup/node/node_modules/node-linux-$arch/bin:$PATH
  fi
  npm ci --no-audit --no-fund --prefer-offline
}

if [ -x node_modules/.bin/node ] && node_modules/.bin/node scripts/setup/npm-packages-fit.mjs; then
  say '✓ npm packages'
else
  step 'npm packages' twice install_npm_packages
fi
# Debian's npm 9.2 leaves this command out of .bin.
for own in node_modules/node-linux-*/bin/node; do
  if [ -x "$own" ] && [ ! -e node_modules/.bin/node ]; then ln -s "../${own#node_modules/}" node_modules/.bin/node; fi
done
node_24_runs node_modules/.bin/node || node_24_runs node ||
  unavailable "No Node 24 here: npm has none for $(uname -sm). Install Node 24 or newer (https://nodejs.org) and run this again."

# --- programs ------------------------------------------------------------------------------------------------------

# Without them a checkout runs from its sources, which takes longer to start; so does a bundle whose code was not kept, as bezel run makes it.
bundle_programs() { PATH=$PWD/node_modules/.bin:$PATH node scripts/bundle.ts; }

sources='( -name *.ts ! -name *.test.ts -o -name package-lock.json )'
# shellcheck disable=SC2086 # a list of words
if [ -e build/bezel.cjs ] && ls build/bezel.cjs.*.code >/dev/null 2>&1 && [ -z "$(set -f && find src package-lock.json $sources -newer build/bezel.cjs)" ]; then
  say '✓ programs'
else
  step 'programs' bundle_programs
fi

# --- gems ----------------------------------------------------------------------------------------------------------

install_gems() {
  cd "examples/$1" &&
    bundle config set --local path vendor/bundle &&
    MAKEFLAGS="-j$(nproc 2>/dev/null || echo 2)" bundle install --jobs 4 --retry 3
}

gems_of() {
  if (cd "examples/$1" && [ -d vendor/bundle ] && bundle check >/dev/null 2>&1); then
    say "✓ gems of examples/$1"
  else
    step "gems of examples/$1" twice install_gems "$1"
  fi
}

gems_of iodine-pg
[ "$purpose" = demo ] || gems_of puma-pg
