import { stringify } from 'yaml'
import { spellings } from './describe-config.ts'
import { optionNames, optionsTable, sectionOf, type OptionName } from './options-table.ts'

const introduction = `# Configuration

<!-- Made from the options table in src/config by its test: run "npx vitest run src/config -u" after changing an option. -->

Nothing has to be configured: in a folder with a \`Gemfile.lock\`, \`bezel run\` finds the server, the CPUs and the databases by itself.
Whatever it should do otherwise stands in \`bezel.yml\` in the app's folder, in a flag, or in a variable.
**Flags win over variables, variables over \`bezel.yml\`, that over what was found.** \`bezel config\` shows every value and where it came from.

\`\`\`yaml
# bezel.yml
workers:
  count: 4
  memory_soft: 600MB
front_door:
  port: 8080
gateway: off
validation: warn
databases:
  cache: { gateway: off }
ignore:
  - finding: VERSION_FILE_DIFFERS
    reason: the image is rebuilt on Friday
    until: 2027-01-15
\`\`\`

- Times carry their unit (\`500ms\`, \`30s\`, \`2m\`, \`1h\`), sizes too (\`64KB\`, \`512MB\`, \`2GB\`; 1 KB is 1,024 bytes).
- Lists are separated by commas in flags and variables.
- \`gateway: off\` is short for \`gateway: { enabled: off }\`, \`validation: warn\` for \`validation: { mode: warn }\`.
- A mistake is told with file, line and column, all of them at once; bezel then ends with 65 and starts nothing.
- Editors complete and check it with [bezel.schema.json](bezel.schema.json) (\`bezel config --schema\` prints it):
  begin the file with \`# yaml-language-server: $schema=./bezel.schema.json\`.
`

/** docs/configuration.md. */
export function docsPage(): string {
  const parts = [...Map.groupBy(optionNames, sectionOf)].map(([title, names]) => `## ${title}\n\n${names.map(describe).join('\n\n')}\n`)
  return [introduction, ...parts].join('\n')
}

function describe(name: OptionName): string {
  const { kind, fallback, help, auto, secret = false } = optionsTable[name]
  const { flag, variable } = spellings(name)
  const elsewhere = flag === null ? 'only in bezel.yml' : `\`${flag}\` · \`${variable}\``
  const preset = fallback === null ? (auto ?? 'none') : `\`${show(kind.show(fallback))}\``
  return [
    `### \`${name}\``,
    '',
    help,
    '',
    `- ${capital(kind.shape)}`,
    `- Default: ${preset}${secret ? ' · never printed' : ''}`,
    `- ${capital(elsewhere)}`,
  ].join('\n')
}

function show(value: unknown): string {
  return Array.isArray(value) && value.length > 0 ? value.join(', ') : stringify(value, { collectionStyle: 'flow' }).trim()
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
