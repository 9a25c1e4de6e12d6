// Exits 0 if node_modules holds what package-lock.json asks for. Runs under any Node, before Node 24 is there.
import { existsSync, readFileSync } from 'node:fs'

const packagesOf = (path) => JSON.parse(readFileSync(path, 'utf8')).packages

const installed = existsSync('node_modules/.package-lock.json') ? packagesOf('node_modules/.package-lock.json') : null
const wanted = packagesOf('package-lock.json')

const fits =
  installed !== null &&
  Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || (installed[path] === undefined ? optional : installed[path].version === version),
  ) &&
  Object.keys(installed).every((path) => wanted[path] !== undefined)

process.exitCode = fits ? 0 : 1
