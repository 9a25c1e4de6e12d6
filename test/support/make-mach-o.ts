/** Byte order and processor of a made file (mach-o/loader.h, mach/machine.h). */
export interface MachShape {
  readonly little: boolean
  readonly cpu: number
  readonly subtype: number
}

/** A bundle that loads some libraries, has one rpath, a command that means nothing here and a segment of 64 bytes at its end. */
export function makeMachO({ little, cpu, subtype }: MachShape, needed: readonly string[]): Buffer {
  const u32 = (value: number) => {
    const bytes = Buffer.alloc(4)
    if (little) bytes.writeUInt32LE(value)
    else bytes.writeUInt32BE(value)
    return bytes
  }
  const u64 = (value: number) => (little ? Buffer.concat([u32(value), u32(0)]) : Buffer.concat([u32(0), u32(value)]))
  const named = (kind: number, header: number, name: string) => {
    const padded = Buffer.alloc(Math.ceil((name.length + 1) / 8) * 8)
    padded.write(name, 'latin1')
    return Buffer.concat([u32(kind), u32(header + padded.length), u32(header), Buffer.alloc(header - 12), padded])
  }
  const commands = [
    ...needed.map((name) => named(0xc, 24, name)),
    named(0x8000001c, 12, '@loader_path/../lib'),
    Buffer.concat([u32(0x2a), u32(16), Buffer.alloc(8)]),
  ]
  const segmentAt = 32 + Buffer.concat(commands).length + 72
  commands.push(Buffer.concat([u32(0x19), u32(72), Buffer.alloc(32), u64(segmentAt), u64(64), Buffer.alloc(16)]))
  const bytes = Buffer.concat(commands)
  const head = [u32(0xfeedfacf), u32(cpu), u32(subtype), u32(8), u32(commands.length), u32(bytes.length), u32(0), u32(0)]
  return Buffer.concat([...head, bytes, Buffer.alloc(64)])
}

export const arm: MachShape = { little: true, cpu: 0x0100000c, subtype: 0 }
export const intel: MachShape = { little: true, cpu: 0x01000007, subtype: 3 }

/** An archive of several processors' files (mach-o/fat.h); `wide`: with 64-bit offsets. */
export function makeUniversal(parts: readonly Buffer[], wide = false): Buffer {
  const entryBytes = wide ? 32 : 20
  const head = Buffer.alloc(8 + parts.length * entryBytes)
  head.writeUInt32BE(wide ? 0xcafebabf : 0xcafebabe, 0)
  head.writeUInt32BE(parts.length, 4)
  let at = head.length
  for (const [index, part] of parts.entries()) {
    const entry = 8 + index * entryBytes
    if (wide) head.writeBigUInt64BE(BigInt(at), entry + 8)
    else head.writeUInt32BE(at, entry + 8)
    head.writeUInt32BE(part.length, entry + (wide ? 20 : 12))
    at += part.length
  }
  return Buffer.concat([head, ...parts])
}
