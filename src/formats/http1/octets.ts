/** What an octet may be part of; bits of `octetKinds`. */
export const tokenBit = 1
export const fieldBit = 2
export const targetBit = 4
export const hostBit = 8
export const methodBit = 16

/** For each octet, the union of the bits above. */
export const octetKinds = new Uint8Array(256)

function allow(bit: number, octets: string): void {
  for (let index = 0; index < octets.length; index++) octetKinds[octets.charCodeAt(index)]! |= bit
}

const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const letters = upper + upper.toLowerCase()
const digits = '0123456789'

// RFC 9110, section 5.6.2: tchar.
allow(tokenBit, `!#$%&'*+-.^_\`|~${digits}${letters}`)
// RFC 9110, section 5.5: field-content, obs-text included; control characters are never part of it.
for (let octet = 0x20; octet < 0x100; octet++) if (octet !== 0x7f) octetKinds[octet]! |= fieldBit
octetKinds[0x09]! |= fieldBit
// Wider than RFC 3986 (browsers send `|`, `[`, `{` raw), but without `#`: parsers disagree on whether a fragment belongs to the path.
for (let octet = 0x21; octet < 0x7f; octet++) if (octet !== 0x23) octetKinds[octet]! |= targetBit
// RFC 3986, section 3.2.2, without the sub-delims that parsers cut at (`,` `;`), with the brackets of IPv6 and the colon of the port.
allow(hostBit, `-._~%!$&'()*+=:[]${digits}${letters}`)
// Registered methods are upper case and `-`; a lower-case one is read as another method by some, refused by others.
allow(methodBit, `-${upper}`)

export const cr = 0x0d
export const lf = 0x0a
export const space = 0x20
export const tab = 0x09
export const colon = 0x3a
