'use strict'
const { existsSync, readFileSync, renameSync, writeFileSync } = require('node:fs')
const { enableCompileCache } = require('node:module')
const { basename, join } = require('node:path')
const { Script } = require('node:vm')

// V8 takes code back only from its own version with its own flags, and does not ask for which processor it was made.
const codeSuffix = `.${process.version}-${process.arch}.code`

// V8 takes code for any source of the same length, and does not look whether it is whole: one wrong byte ends the process with a signal. So
// the file holds the source that the code was made of, and the code twice.
const lengthBytes = 8
const opening = '(function (exports, require, module, __filename, __dirname) {'

/**
 * The modules of a bundled program, each with the code that V8 made of it in an earlier run. Node's compile cache keeps what is compiled as
 * a module is loaded, which is next to none of its functions (node/src/compile_cache.cc, MaybeSaveImpl); compiling those took a sixth of a run.
 */
exports.Bundle = class Bundle {
  #folder
  #exports = new Map()
  /** By module: the script, and its source. */
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
    const source = readFileSync(filename)
    const script = new Script(`${opening}${source}\n})`, {
      filename,
      columnOffset: -opening.length,
      cachedData: this.#codeOf(name, source),
    })
    this.#scripts.set(name, { script, source })
    const requireFrom = (id) => (id.startsWith('./') ? this.load(basename(id)) : require(id))
    script.runInThisContext()(module.exports, requireFrom, module, filename, this.#folder)
    return module.exports
  }

  /** Keeps the code of every function that has run by now, or is kept already. */
  keepCode() {
    for (const [name, { script, source }] of this.#scripts) {
      const code = script.createCachedData()
      const lengths = Buffer.alloc(lengthBytes)
      lengths.writeUInt32LE(source.length, 0)
      lengths.writeUInt32LE(code.length, 4)
      const file = this.#codeFile(name)
      const made = `${file}.${process.pid}.new`
      writeFileSync(made, Buffer.concat([lengths, source, code, code]))
      renameSync(made, file)
    }
  }

  /** Undefined: none to read, or damaged, or another source's. */
  #codeOf(name, source) {
    let bytes
    try {
      bytes = readFileSync(this.#codeFile(name))
    } catch {
      return undefined
    }
    if (bytes.length < lengthBytes || bytes.readUInt32LE(0) !== source.length) return undefined
    const [first, second] = [lengthBytes + source.length, lengthBytes + source.length + bytes.readUInt32LE(4)]
    const code = bytes.subarray(first, second)
    return bytes.subarray(lengthBytes, first).equals(source) && bytes.subarray(second).equals(code) ? code : undefined
  }

  #codeFile(name) {
    return join(this.#folder, name + codeSuffix)
  }
}
