import { describe, expect, test } from 'vitest'
import {
  arrowsPointDown,
  dataPlaneIsSmall,
  filesStaySmall,
  foldersAreDuties,
  noCycles,
  nothingLeftBehind,
  pureStaysPure,
  testsNameTheirNeeds,
  type Rule,
} from './rules.ts'
import { readImports, readSources, type SourceFile } from './source-tree.ts'

const sources = readSources('src')
const everything = [
  ...sources,
  ...readSources('test').filter(({ path }) => !path.startsWith('test/architecture/')),
  ...readSources('scripts'),
]

function file(path: string, text: string): SourceFile {
  return { path, text, imports: readImports(path, text) }
}

/** Each rule with a planted breach that it must find: a checker that finds nothing proves nothing. */
const rules: readonly { title: string; rule: Rule; on: readonly SourceFile[]; breach: readonly SourceFile[] }[] = [
  {
    title: 'a file imports from its own folder or a lower floor',
    rule: arrowsPointDown,
    on: sources,
    breach: [file('src/gateway/a.ts', "import { b } from '../front-door/b.ts'")],
  },
  {
    title: 'imports have no cycle',
    rule: noCycles,
    on: sources,
    breach: [file('src/net/a.ts', "import { b } from './b.ts'"), file('src/net/b.ts', "import type { a } from './a.ts'")],
  },
  {
    title: 'resilience and formats are pure',
    rule: pureStaysPure,
    on: sources,
    breach: [file('src/formats/a.ts', 'const now = Date.now()')],
  },
  {
    title: 'the data plane imports node: modules and this project only',
    rule: dataPlaneIsSmall,
    on: sources,
    breach: [file('src/front-door/a.ts', "import { z } from 'zod'")],
  },
  { title: 'a folder is a duty', rule: foldersAreDuties, on: sources, breach: [file('src/net/utils/a.ts', '')] },
  { title: 'files stay small', rule: filesStaySmall, on: sources, breach: [file('src/net/a.ts', '\n'.repeat(401))] },
  {
    title: 'a test says in its name what it needs',
    rule: testsNameTheirNeeds,
    on: everything,
    breach: [file('src/net/a.test.ts', "import { connect } from 'node:net'")],
  },
  {
    title: 'nothing is left behind',
    rule: nothingLeftBehind,
    on: everything,
    breach: [file('src/net/a.ts', ['// TO', 'DO later'].join(''))],
  },
]

describe.each(rules)('$title', ({ rule, on, breach }) => {
  test('in this tree', () => expect(rule(on)).toEqual([]))
  test('or the checker says so', () => expect(rule(breach)).not.toEqual([]))
})
