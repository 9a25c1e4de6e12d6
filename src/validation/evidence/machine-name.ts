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

/** `e_machine` and word size of the processors that Ruby names in its `arch` (config.guess of GNU). */
const processors: readonly (readonly [RegExp, number, 32 | 64])[] = [
  [/^x86_64-(?!.*x32)/, 62, 64],
  [/^i[3-6]86-/, 3, 32],
  [/^(?:aarch64|arm64)-/, 183, 64],
  [/^arm/, 40, 32],
  [/^(?:ppc64|powerpc64)/, 21, 64],
  [/^s390x-/, 22, 64],
  [/^riscv64-/, 243, 64],
]

/** Whether a file is for the processor that Ruby's configuration names; true for processors that nobody knows. */
export function isForArch(arch: string, elf: { readonly machine: number; readonly bits: number }): boolean {
  const [, machine, bits] = processors.find(([pattern]) => pattern.test(arch)) ?? [null, elf.machine, elf.bits]
  return elf.machine === machine && elf.bits === bits
}
