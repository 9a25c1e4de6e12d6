import type { ElfCursor } from './elf-cursor.ts'

/** A loaded part of the file: addresses to offsets. */
export interface ElfSegment {
  readonly offset: number
  readonly address: number
  readonly fileBytes: number
}

export interface NoteSegment {
  readonly offset: number
  readonly size: number
  /** What names and descriptors are padded to. */
  readonly align: 4 | 8
}

export interface ElfSection {
  readonly name: string
  readonly type: number
  readonly flags: number
  readonly offset: number
  readonly size: number
}

/** Offsets in the file of what the dynamic section points at; null where it doesn't. */
export interface DynamicTables {
  readonly symbols: number | null
  readonly strings: { readonly offset: number; readonly size: number } | null
  readonly sysvHash: number | null
  readonly gnuHash: number | null
  readonly versionOfSymbol: number | null
  readonly versionsNeeded: { readonly offset: number; readonly count: number } | null
  readonly versionsDefined: { readonly offset: number; readonly count: number } | null
}

/** What the loader would read of one ELF file. */
export interface ElfFile {
  readonly tag: 'Elf'
  readonly cursor: ElfCursor
  readonly bits: 32 | 64
  readonly littleEndian: boolean
  /** `e_machine` (ELF gABI): 62 x86-64, 183 AArch64, 3 i386, 40 ARM, … */
  readonly machine: number
  /** `e_ident[EI_OSABI]`: 0 System V, 3 GNU/Linux; 9 FreeBSD, … */
  readonly osAbi: number
  /** `e_type`: 2 executable, 3 shared object (and position-independent executable). */
  readonly type: number
  /** The loader's path, of executables. */
  readonly interpreter: string | null
  readonly soname: string | null
  /** `DT_NEEDED`, in order. */
  readonly needed: readonly string[]
  readonly rpath: string | null
  readonly runpath: string | null
  /** Whether it wants an executable stack: `PT_GNU_STACK` asks for one, or is missing, which asks for one on most processors. */
  readonly executableStack: 'asked' | 'implied' | 'no'
  /** `DF_STATIC_TLS`: needs room in the static TLS block, which a late `dlopen` may not find. */
  readonly staticTls: boolean
  readonly segments: readonly ElfSegment[]
  /** `PT_NOTE`: where notes stand. */
  readonly noteSegments: readonly NoteSegment[]
  /** Where the section table stands; null when there is none, or when the file ends before it. */
  readonly sectionTable: { readonly offset: number; readonly count: number; readonly namesIndex: number } | null
  /** The file is shorter than its last segment or its section table says. */
  readonly truncatedAt: 'segment' | 'sections' | null
  readonly tables: DynamicTables
}
