/** SGR sequences: colours and weights (ECMA-48, 8.3.117), the only ones that can't move the cursor or ask the terminal. */
const colour = '\\u001B\\[[\\d;:]{0,64}m'
const sequence = new RegExp(
  `(${colour})|\\u001B(?:\\[[\\d;:?<=>]{0,64}[ -/]{0,4}[@-~]|\\][^\\u0007\\u001B]{0,512}(?:\\u0007|\\u001B\\\\)|[@-_])|([\\u0000-\\u0008\\u000A-\\u001F\\u007F-\\u009F])`,
  'gu',
)

/** Text on one line that can't steer a terminal. Colours stay only where `keepColours`. */
export function toPrintable(text: string, keepColours: boolean): string {
  let coloured = false
  const clean = text.replace(sequence, (_all, sgr: string | undefined, control: string | undefined) => {
    if (control !== undefined) return control === '\n' ? ' ' : ''
    if (sgr === undefined || !keepColours) return ''
    coloured = true
    return sgr
  })
  return coloured ? `${clean}\u001B[0m` : clean
}
