// Exits 0 if node_modules holds what package-lock.json asks for. Runs under any Node, before Node 24 is there.
import { existsSync, readFileSync } from 'node:fs'

const packagesOf = (path) => JSON.parse(readFileSync(path, 'utf8')).packages
const listOf = (value) => (value === undefined ? [] : [value].flat())

const libc = process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc'

/** Whether an optional package is the one for this machine: npm leaves the others out. */
const isForHere = ({ os, cpu, libc: kinds }) =>
  os !== undefined &&
  cpu !== undefined &&
  listOf(os).includes(process.platform) &&
  listOf(cpu).includes(process.arch) &&
  (kinds === undefined || listOf(kinds).includes(libc))

const installed = existsSync('node_modules/.package-lock.json') ? packagesOf('node_modules/.package-lock.json') : null
const wanted = packagesOf('package-lock.json')

const fits =
  installed !== null &&
  Object.entries(wanted).every(
    ([path, entry]) =>
      path === '' || (installed[path] === undefined ? entry.optional && !isForHere(entry) : installed[path].version === entry.version),
  ) &&
  Object.keys(installed).every((path) => wanted[path] !== undefined)

process.exitCode = fits ? 0 : 1
