'use strict'
const { existsSync, readFileSync, renameSync, writeFileSync } = require('node:fs')
const { enableCompileCache } = require('node:module')
const { basename, join } = require('node:path')
const { Script } = require('node:vm')
const { crc32 } = require('node:zlib')

// V8 takes code back only from its own version with its own flags, and does not ask for which processor it was made.
const codeSuffix = `.${process.version}-${process.arch}.code`

// V8 does not look whether the code is whole: one wrong byte ends the process with a signal.
const sumBytes = 4

/**
 * The modules of a bundled program, each with the code that V8 made of it in an earlier run. Node's compile cache keeps what is compiled as
 * a module is loaded, which is next to none of its functions (node/src/compile_cache.cc, MaybeSaveImpl); compiling those took a sixth of a run.
 */
exports.Bundle = class Bundle {
  #folder
  #exports = new Map()
  #scripts = new Map()

  constructor(folder) {
    this.#folder = folder
  }

  /** The program's own exports. Where no code was kept for this Node, Node loads it as any other. */
  start(name) {
    if (existsSync(this.#codeFile(name))) return this.load(name)
    enableCompileCache()
    return require(join(this.#folder, name))
  }

  load(name) {
    const known = this.#exports.get(name)
    if (known !== undefined) return known.exports
    const module = { exports: {} }
    this.#exports.set(name, module)
    const filename = join(this.#folder, name)
    const script = new Script(`(function (exports, require, module, __filename, __dirname) {${readFileSync(filename, 'utf8')}\n})`, {
      filename,
      cachedData: this.#codeOf(name),
    })
    this.#scripts.set(name, script)
    const requireFrom = (id) => (id.startsWith('./') ? this.load(basename(id)) : require(id))
    script.runInThisContext()(module.exports, requireFrom, module, filename, this.#folder)
    return module.exports
  }

  /** Keeps the code of every function that has run by now, or is kept already. */
  keepCode() {
    for (const [name, script] of this.#scripts) {
      const code = script.createCachedData()
      const sum = Buffer.alloc(sumBytes)
      sum.writeUInt32LE(crc32(code))
      const file = this.#codeFile(name)
      writeFileSync(`${file}.new`, Buffer.concat([code, sum]))
      renameSync(`${file}.new`, file)
    }
  }

  /** Undefined: none, or damaged. */
  #codeOf(name) {
    const file = this.#codeFile(name)
    if (!existsSync(file)) return undefined
    const bytes = readFileSync(file)
    const code = bytes.subarray(0, -sumBytes)
    return bytes.length > sumBytes && crc32(code) === bytes.readUInt32LE(code.length) ? code : undefined
  }

  #codeFile(name) {
    return join(this.#folder, name + codeSuffix)
  }
}
