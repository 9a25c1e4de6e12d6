/** Byte order and processor of a made file (mach-o/loader.h, mach/machine.h). */
export interface MachShape {
  readonly little: boolean
  readonly cpu: number
  readonly subtype: number
}

/** A bundle that loads some libraries, has one rpath and a command that means nothing here. */
export function makeMachO({ little, cpu, subtype }: MachShape, needed: readonly string[]): Buffer {
  const u32 = (value: number) => {
    const bytes = Buffer.alloc(4)
    if (little) bytes.writeUInt32LE(value)
    else bytes.writeUInt32BE(value)
    return bytes
  }
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
  const bytes = Buffer.concat(commands)
  return Buffer.concat([u32(0xfeedfacf), u32(cpu), u32(subtype), u32(8), u32(commands.length), u32(bytes.length), u32(0), u32(0), bytes])
}

export const arm: MachShape = { little: true, cpu: 0x0100000c, subtype: 0 }
export const intel: MachShape = { little: true, cpu: 0x01000007, subtype: 3 }

/** An archive of several processors' files (mach-o/fat.h). */
export function makeUniversal(parts: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(8 + parts.length * 20)
  head.writeUInt32BE(0xcafebabe, 0)
  head.writeUInt32BE(parts.length, 4)
  let at = head.length
  for (const [index, part] of parts.entries()) {
    head.writeUInt32BE(at, 8 + index * 20 + 8)
    head.writeUInt32BE(part.length, 8 + index * 20 + 12)
    at += part.length
  }
  return Buffer.concat([head, ...parts])
}
