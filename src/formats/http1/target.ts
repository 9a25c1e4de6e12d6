/** `path` is in origin form, or `*`; null when the target has no form that may be forwarded. */
export interface Target {
  readonly path: string
  /** The authority of an absolute-form target, else null. */
  readonly authority: string | null
}

const absolute = /^https?:\/\/([^/?@]+)(.*)$/i

/** Reads a request target (RFC 9112, section 3.2); its octets have been checked. */
export function readTarget(method: string, target: string): Target | null {
  if (target.charCodeAt(0) === 0x2f) return { path: target, authority: null }
  if (target === '*') return method === 'OPTIONS' ? { path: target, authority: null } : null
  const parts = absolute.exec(target)
  if (parts === null) return null
  const [, authority = '', rest = ''] = parts
  return { path: rest.startsWith('/') ? rest : `/${rest}`, authority }
}
