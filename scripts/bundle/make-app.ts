import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface MadeApp {
  readonly app: string
  readonly env: Readonly<Record<string, string>>
  remove(): void
}

/** An app whose lock holds `gems` gems, `native` of them with one compiled extension of real size (libpq and libssl among its libraries). */
export function makeApp(gems: number, native: number): MadeApp {
  const [abi = '', platform = '', extensionAbi = ''] = execFileSync(
    'ruby',
    ['-e', "puts RbConfig::CONFIG['ruby_version'], Gem::Platform.local, Gem.extension_api_version"],
    { encoding: 'utf8' },
  ).split('\n')
  const folder = mkdtempSync(join(tmpdir(), 'bezel-made-app-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    const app = fillApp(folder, gems, native, { abi, platform, extensionAbi })
    const env = Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || /^(?:BUNDLE|GEM_|RUBY)/.test(name) ? [] : [[name, value] as const],
    )
    return { app, env: Object.fromEntries(env), remove }
  } catch (error) {
    remove()
    throw error
  }
}

interface RubyNames {
  readonly abi: string
  readonly platform: string
  readonly extensionAbi: string
}

/** Answers the app's path. */
function fillApp(folder: string, gems: number, native: number, { abi, platform, extensionAbi }: RubyNames): string {
  const app = join(folder, 'app')
  const home = join(app, 'vendor/bundle/ruby', abi)
  mkdirSync(join(home, 'specifications'), { recursive: true })
  mkdirSync(join(app, '.bundle'))
  writeFileSync(join(app, '.bundle/config'), '---\nBUNDLE_PATH: "vendor/bundle"\n')
  writeFileSync(join(app, 'Gemfile'), 'source "https://rubygems.org"\n')
  const names = Array.from({ length: gems }, (_, index) => `made_${String(index).padStart(4, '0')}`)
  for (const [index, name] of names.entries()) {
    const compiled = index < native
    const lib = join(home, 'gems', `${name}-1.0.0`, 'lib', name)
    mkdirSync(lib, { recursive: true })
    for (let file = 0; file < 12; file += 1) writeFileSync(join(lib, `part_${file}.rb`), '# frozen_string_literal: true\n')
    writeFileSync(join(home, 'specifications', `${name}-1.0.0.gemspec`), gemspec(name, compiled))
    if (!compiled) continue
    const built = join(home, 'extensions', platform, extensionAbi, `${name}-1.0.0`, name)
    mkdirSync(built, { recursive: true })
    const file = join(lib, `${name}.so`)
    compile(folder, name, file)
    copyFileSync(file, join(built, `${name}.so`))
    writeFileSync(join(built, '../gem.build_complete'), '')
  }
  const specs = names.map((name) => `    ${name} (1.0.0)\n`).join('')
  const asked = names.map((name) => `  ${name}\n`).join('')
  writeFileSync(
    join(app, 'Gemfile.lock'),
    `GEM\n  remote: https://rubygems.org/\n  specs:\n${specs}\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n${asked}`,
  )
  return app
}

function gemspec(name: string, compiled: boolean): string {
  const files = Array.from({ length: 12 }, (_, index) => `"lib/${name}/part_${index}.rb".freeze`).join(', ')
  return `# -*- encoding: utf-8 -*-
# stub: ${name} 1.0.0 ruby lib
${compiled ? `# stub: ext/${name}/extconf.rb\n` : ''}
Gem::Specification.new do |s|
  s.name = "${name}".freeze
  s.version = "1.0.0"
  s.required_ruby_version = Gem::Requirement.new(">= 2.5".freeze)
  s.files = [${files}]
end
`
}

/** Sixty times the same code under another name: what costs is the file, not what it does. */
function compile(folder: string, name: string, target: string): void {
  const config = execFileSync(
    'ruby',
    [
      '-rrbconfig',
      '-e',
      'c = RbConfig::CONFIG; puts "-I#{c["rubyhdrdir"]}", "-I#{c["rubyarchhdrdir"]}", "-L#{c["libdir"]}", *c["LIBRUBYARG"].split',
    ],
    { encoding: 'utf8' },
  )
  const source = join(folder, `${name}.c`)
  const functions = Array.from(
    { length: 60 },
    (_, index) =>
      `static VALUE made_${index}(VALUE self, VALUE text) { rb_gc_register_mark_object(text); return rb_str_concat(rb_str_dup(text), rb_funcall(rb_ary_entry(rb_hash_keys(rb_hash_new()), ${index}), rb_intern("to_s"), 0)); }`,
  )
  const defined = Array.from({ length: 60 }, (_, index) => `rb_define_module_function(made, "made_${index}", made_${index}, 1);`)
  writeFileSync(
    source,
    `#include <ruby.h>\nextern int PQlibVersion(void);\n${functions.join('\n')}\nvoid Init_${name}(void) { VALUE made = rb_define_module("Made"); rb_ivar_set(made, rb_intern("@pq"), INT2FIX(PQlibVersion())); ${defined.join(' ')} }\n`,
  )
  execFileSync('cc', ['-g', '-O1', '-shared', '-fPIC', '-o', target, source, ...config.trim().split('\n'), '-l:libpq.so.5'], {
    stdio: 'pipe',
  })
}
