import { nulAt } from '../../formats/pgwire/field.ts'
import { plainRead, plainWrite, type Statement } from './statement.ts'

/** Which statement a portal runs. The unnamed portal, which most clients use alone, costs no look-up. */
export class Portals {
  #unnamed: Statement = plainRead
  #named = new Map<string, Statement>()

  /** `nameStart` to `nameEnd`: the portal's name. */
  bind(buffer: Buffer, nameStart: number, nameEnd: number, statement: Statement): void {
    if (nameEnd === nameStart) this.#unnamed = statement
    else this.#named.set(buffer.toString('latin1', nameStart, nameEnd), statement)
  }

  /** A Bind that could not be read. */
  bindUnknown(): void {
    this.#unnamed = plainWrite
    this.#named.clear()
  }

  /** `start`, `end`: an Execute. */
  executed(buffer: Buffer, start: number, end: number): Statement {
    if (buffer[start] === 0) return this.#unnamed
    const nameEnd = nulAt(buffer, start, end)
    return nameEnd < 0 ? plainWrite : (this.#named.get(buffer.toString('latin1', start, nameEnd)) ?? plainWrite)
  }

  /** Portals end with their transaction. */
  clear(): void {
    if (this.#named.size > 0) this.#named.clear()
  }
}
