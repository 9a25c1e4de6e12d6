/** What a user makes of a Dockerfile who does to the letter what a remedy says; throws when a sentence is another one. */
export function obeyRemedy(text: string, remedy: readonly string[]): string {
  return remedy.reduce(obey, text)
}

function obey(text: string, sentence: string): string {
  const inLine = (number: string | undefined, change: (line: string) => string) =>
    text
      .split('\n')
      .map((line, index) => (index + 1 === Number(number) ? change(line) : line))
      .join('\n')
  const base = /^In line (\d+), let FROM name (\S+) instead of \S+: /.exec(sentence)
  if (base !== null) return inLine(base[1], (line) => line.replace(/^(FROM(?: --\S+)* )\S+/i, `$1${base[2]}`))
  const platform = /^In line (\d+), give FROM the (--platform=\S+) of line \d+\.$/.exec(sentence)
  if (platform !== null) return inLine(platform[1], (line) => line.replace(/^(FROM )(?:--platform=\S+ )?/i, `$1${platform[2]} `))
  const added = /^Below line (\d+), add "(RUN .*)"\.$/.exec(sentence)
  if (added !== null) return inLine(added[1], (line) => `${line}\n${added[2]}`)
  const stage = /^In line (\d+), copy the gems from a stage that installs them FROM (\S+)\.$/.exec(sentence)
  if (stage !== null)
    return `FROM ${stage[2]} AS gems\nRUN bundle install\n${inLine(stage[1], (line) => line.replace(/--from=\S+/, '--from=gems'))}`
  const packages = /^What its RUN lines install comes by "(.*)" then, under \w+'s names\.$/.exec(sentence)
  if (packages !== null) return text.replace(/(?:apt-get update && )?apt-get install -y|apk add/, `${packages[1]}`)
  throw new Error(`nobody can obey: ${sentence}`)
}
