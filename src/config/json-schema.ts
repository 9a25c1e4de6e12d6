import * as z from 'zod'
import { optionNames, optionsTable, sectionOf, shorthands } from './options-table.ts'

type JsonSchema = Record<string, unknown>

/** JSON Schema (draft 2020-12) of bezel.yml, for editors: `# yaml-language-server: $schema=…`. */
export function configSchema(): JsonSchema {
  const properties: Record<string, JsonSchema> = {}
  for (const name of optionNames) {
    const { kind, help, fallback, secret = false } = optionsTable[name]
    const { $schema: _, ...type } = z.toJSONSchema(kind.schema, { io: 'input', unrepresentable: 'any' })
    const schema = { ...type, description: help, ...(fallback === null || secret ? {} : { default: kind.show(fallback) }) }
    const [section = '', key] = name.split('.')
    if (key === undefined) properties[section] = schema
    else {
      properties[section] ??= { type: 'object', description: sectionOf(name), additionalProperties: false, properties: {} }
      Object.assign(properties[section]['properties'] ?? {}, { [key]: schema })
    }
  }
  for (const [section, name] of Object.entries(shorthands)) {
    const { $schema: _, ...short } = z.toJSONSchema(optionsTable[name].kind.schema, { io: 'input', unrepresentable: 'any' })
    properties[section] = { anyOf: [short, properties[section] ?? {}], description: optionsTable[name].help }
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'bezel.yml',
    type: 'object',
    additionalProperties: false,
    properties,
  }
}
