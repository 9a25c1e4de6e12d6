/** `e_machine` in words (ELF gABI and its registry). */
const machines: ReadonlyMap<number, string> = new Map([
  [3, 'x86'],
  [8, 'MIPS'],
  [20, 'PowerPC'],
  [21, 'PowerPC 64'],
  [22, 'S/390'],
  [40, 'ARM'],
  [62, 'x86-64'],
  [183, 'AArch64'],
  [243, 'RISC-V'],
  [258, 'LoongArch'],
])

export function machineName(elf: { readonly machine: number; readonly bits: number; readonly littleEndian: boolean }): string {
  const name = machines.get(elf.machine) ?? `machine ${elf.machine}`
  return `${name}, ${elf.bits} bit${elf.littleEndian ? '' : ', big-endian'}`
}
