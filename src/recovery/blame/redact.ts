const gone = '[redacted]'

const rules: readonly (readonly [RegExp, string])[] = [
  // Credentials in URLs (RFC 3986, userinfo).
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@'"]+@/gi, `$1${gone}@`],
  // Query strings: they hold sessions, tokens and what people typed. C++ and Ruby never write `?x=` elsewhere.
  [/(\?)[\w.%[\]-]+=[^\s'")>]*/g, `$1${gone}`],
  [/\b(Bearer|Basic|Token)\s+[\w.~+/=-]{8,}/gi, `$1 ${gone}`],
  [/-----BEGIN [A-Z ]+-----[^]*?(?:-----END [A-Z ]+-----|$)/g, gone],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g, gone],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, gone],
  [/\b(?:gh[pousr]_|github_pat_|glpat-|xox[baprs]-|sk_live_|sk-|rk_live_|shpat_|npm_|hf_)[\w-]{10,}/g, gone],
  // key=value, key: value, "key": "value" with a telling key.
  [
    /((?:^|[^A-Za-z])["']?[\w-]*(?:passw(?:or)?d|passwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|auth(?:orization)?|cookie|session(?:_id)?|master_key)[\w-]*["']?\s*(?:=>|[=:](?!>))\s*)(?!\[redacted\])("[^"]*"|'[^']*'|[^\s,;&)}\]]+)/gi,
    `$1${gone}`,
  ],
  // Environment values: NAME=value at the start of a word.
  [/(^|[\s'"])([A-Z][A-Z0-9]*_[A-Z0-9_]*)=(?!\[redacted\])("[^"]*"|'[^']*'|[^\s'"]+)/g, `$1$2=${gone}`],
]

/** Takes out what looks like a credential, an environment value or a query string. Idempotent. */
export function redact(text: string): string {
  let safe = text
  for (const [form, replacement] of rules) safe = safe.replace(form, replacement)
  return safe
}
