import { expect, test } from 'vitest'
import { docsPage } from './docs-page.ts'
import { configSchema } from './json-schema.ts'
import type { Kind } from './kinds.ts'
import { noticesOfIgnore } from './notices-of-ignore.ts'
import { optionNames, optionsTable } from './options-table.ts'
import { resolveValues } from './resolve-values.ts'
import { readYamlFile } from './yaml-file.ts'

test('docs/configuration.md is what the options table says', async () => {
  await expect(docsPage()).toMatchFileSnapshot('../../docs/configuration.md')
})

test('docs/bezel.schema.json is what the options table says', async () => {
  await expect(`${JSON.stringify(configSchema(), null, 2)}\n`).toMatchFileSnapshot('../../docs/bezel.schema.json')
})

test('the example of the page is a configuration that can be used', () => {
  const example = /```yaml\n(.*?)```/s.exec(docsPage())?.[1] ?? ''
  const { file, problems } = readYamlFile('bezel.yml', example)
  expect(problems).toEqual([])
  const resolved = resolveValues({ flags: new Map(), env: {}, file })
  expect(resolved.problems).toEqual([])
  expect(Object.values(resolved.origins).filter(({ tag }) => tag === 'File')).toHaveLength(7)
  expect(noticesOfIgnore(resolved.values.ignore)).toEqual([])
})

test('what is shown of a value can be written into bezel.yml as it stands', () => {
  const example = /```yaml\n(.*?)```/s.exec(docsPage())?.[1] ?? ''
  const { values } = resolveValues({ flags: new Map(), env: {}, file: readYamlFile('bezel.yml', example).file })
  for (const name of optionNames) {
    const { kind } = optionsTable[name] as { readonly kind: Kind<unknown> }
    expect([name, kind.schema.parse(kind.show(values[name]))]).toEqual([name, values[name]])
  }
})
