/** A small, seeded generator (xorshift32; Marsaglia, "Xorshift RNGs", 2003): a failing input is found again by its number. */
export function seeded(seed: number): () => number {
  let state = seed | 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** Pieces that turn one thing into another: headers, sections, frames, prefixes, escapes. */
const pieces = [
  '[BUG] ',
  '-- C level backtrace information -------------------------------------------\n',
  '-- Control frame information ---\n',
  '* Process memory map:\n',
  'c:0001 p:---- s:0003 e:000002 DUMMY  [FINISH]\n',
  '/srv/gems/other-9.9.9/lib/other.so(boom+0x1) [0x7f0000000001]\n',
  "x.rb:1:in `y': cannot load such file -- pg_ext (LoadError)\n",
  'free(): invalid pointer\n',
  '{"log":"',
  '"}\n',
  '\u001b[31m',
  'web.1  | ',
  '\r\n',
  '\0',
  '\ufffd',
  ' (LoadError)',
  '0x',
  'Traceback (most recent call last):\n',
  'Thread 0 Crashed:\n',
  '[FATAL] failed to allocate memory\n',
]

/** One of several small damages: bytes changed, cut, doubled, moved, mixed with another sample, a piece put in, lines turned round or dropped. */
export function mutate(samples: readonly Buffer[], random: () => number): Buffer {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  let bytes = Buffer.from(pick(samples))
  // Most time goes into long reports; most faults show in short ones.
  if (random() < 0.8) {
    const from = Math.floor(random() * bytes.length)
    bytes = bytes.subarray(random() < 0.5 ? 0 : from, from + Math.floor(random() * 2_000))
  }
  for (let rounds = 1 + Math.floor(random() * 4); rounds > 0; rounds -= 1) {
    const at = Math.floor(random() * bytes.length)
    const upTo = Math.min(bytes.length, at + Math.floor(random() * 400))
    switch (Math.floor(random() * 9)) {
      case 0:
        bytes = Buffer.from(bytes)
        for (let count = 1 + Math.floor(random() * 8); count > 0; count -= 1)
          bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256)
        break
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(upTo)])
        break
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, upTo), bytes.subarray(at)])
        break
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(pick(pieces)), bytes.subarray(at)])
        break
      case 4: {
        const other = pick(samples)
        const from = Math.floor(random() * other.length)
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + Math.floor(random() * 600)), bytes.subarray(at)])
        break
      }
      case 5:
        bytes = Buffer.from(bytes.toString('latin1').split('\n').toReversed().join('\n'), 'latin1')
        break
      case 6: {
        const prefix = pick(pieces)
        bytes = Buffer.from(
          bytes
            .toString('latin1')
            .split('\n')
            .map((line) => prefix + line)
            .join('\n'),
          'latin1',
        )
        break
      }
      case 7:
        bytes = Buffer.from(bytes.toString('latin1'), 'utf16le')
        break
      default:
        bytes = Buffer.from(
          bytes
            .toString('latin1')
            .split('\n')
            .filter(() => random() > 0.2)
            .join('\n'),
          'latin1',
        )
    }
  }
  return bytes
}
