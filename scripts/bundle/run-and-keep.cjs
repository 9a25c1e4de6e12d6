'use strict'
const { Bundle } = require('../../bin/load-bundle.cjs')

/** `run-and-keep.cjs FOLDER MODULES [WORDS …]`: loads the modules, runs one command line of bezel, and keeps the code that V8 made meanwhile. */
const [folder, modules, ...words] = process.argv.slice(2)
const bundle = new Bundle(folder)
// First: `main` ends the process.
process.on('exit', () => bundle.keepCode())
for (const name of modules.split(',')) bundle.load(name)
if (words.length > 0) void bundle.load('bezel.cjs').main(words)
