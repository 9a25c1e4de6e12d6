/** Of a folder more would be a flood; `--group` tells all. */
const mostShown = 10

/** What the logs of a folder tell: only those that tell something, and of many the newest. */
export class ToldLogs {
  #read = 0
  #telling = 0
  #shown: string[] = []

  /** `text`: what is printed of the log; null when it tells of no crash. */
  add(text: string | null): void {
    this.#read += 1
    if (text === null) return
    this.#telling += 1
    this.#shown = [...this.#shown, text].slice(-mostShown)
  }

  get isSilent(): boolean {
    return this.#telling === 0
  }

  format(): string {
    const files = `${this.#read} file${this.#read === 1 ? '' : 's'}`
    if (this.isSilent) return `nothing in ${files} tells of a crash`
    const shown = this.#telling > this.#shown.length ? `; the newest ${this.#shown.length} are shown` : ''
    return [
      ...this.#shown,
      `${this.#telling} of ${files} tell${this.#telling === 1 ? 's' : ''} of a crash${shown}. Each death once: bezel explain --group`,
    ].join('\n\n')
  }
}
