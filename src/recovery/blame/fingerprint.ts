import { createHash } from 'node:crypto'
import { baseName } from './gem-path.ts'

export interface FingerprintParts {
  readonly kind: string
  /** Gem, or library where no gem is known. */
  readonly culprit: string | null
  readonly function: string | null
  readonly causeId: string | null
  /** What tells the trouble apart where nobody is blamed: header message, exception, top symbol. */
  readonly message: string | null
  /** File and C method that Ruby was in, which tell it apart too where nobody is blamed. */
  readonly rubyFile: string | null
  readonly cMethod: string | null
}

/**
 * 16 hexadecimal digits that group repeats of one trouble. Addresses, numbers, versions and paths of a host never enter: two workers,
 * two hosts and two releases of an app agree.
 */
export function fingerprintOf({ kind, culprit, function: symbol, causeId, message, rubyFile, cMethod }: FingerprintParts): string {
  const place = rubyFile === null && cMethod === null ? [] : [baseName(rubyFile ?? '').replace(/\d+/g, 'N'), cMethod ?? '']
  const nobody = ['', normalise(message ?? ''), ...place]
  const named = culprit === null ? nobody : [culprit, '']
  return createHash('sha256')
    .update([kind, ...named, symbol ?? '', causeId ?? ''].join('\0'))
    .digest('hex')
    .slice(0, 16)
}

function normalise(message: string): string {
  return message
    .replace(/(?:[A-Za-z]:)?(?:~|\.{0,2})\/[^\s:'"`]*\/([^\s:'"`/]+)/g, '$1')
    .replace(/0x[0-9a-f]+/gi, 'ADDR')
    .replace(/\d+/g, 'N')
    .slice(0, 200)
}
