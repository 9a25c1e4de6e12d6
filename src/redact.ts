const gone = '***'

/** What secrets are called; an underscore may be a dash or nothing. */
const words = [
  'password',
  'passwd',
  'passphrase',
  'secret',
  'token',
  'api_key',
  'access_key',
  'private_key',
  'master_key',
  'credential',
  'authorization',
  'auth',
  'cookie',
  'session',
]
const capital = (word: string): string => word.replaceAll(/(?<![a-z])[a-z]/g, (letter) => letter.toUpperCase())
/** As an expression; what follows the word is parted from it, so that an author is no auth. */
const spelt = (spelling: (word: string) => string, letters: string): string =>
  `(?:${words.map((word) => spelling(word).replace('_', '[_-]?')).join('|')})[sS]?(?![${letters}])`
const [lower, upper, header] = [spelt((word) => word, 'a-z'), spelt((word) => word.toUpperCase(), 'A-Z'), spelt(capital, 'a-z')]
const anyName = String.raw`[\w-]{0,64}(?:${lower}|${upper}|${header})[\w-]{0,64}`
/** In front of a bare colon: no class (`InvalidToken: …`). */
const plainName = [
  String.raw`[a-z\d_-]{0,64}${lower}[a-z\d_-]{0,64}`,
  String.raw`[A-Z\d_-]{0,64}${upper}[A-Z\d_-]{0,64}`,
  `(?:[A-Z][a-z]{0,20}-){0,4}${header}(?:-[A-Z][a-z]{0,20}){0,4}`,
].join('|')
/** A quoted text, or what stands until the next space or bracket; a quote at its end belongs to what is around. Of a list or a hash its parts are looked at. */
const value = String.raw`(?![{[])(?:"[^"]*"|'[^']*'|[^\s,;&)}\]"']+(?:["'](?=[^\s,;&)}\]"':])[^\s,;&)}\]"']+)*)`

/** None of them looks twice at the same character from many beginnings: a hostile line of a megabyte costs what an ordinary one does. */
const secrets: readonly (readonly [RegExp, string])[] = [
  // The password of a URL (RFC 3986, userinfo): from the second colon to an `@`. A `host:port/path@` of the web is left alone.
  [/\b((?!https?:|wss?:)[a-z][a-z\d+.-]{0,30}:\/\/[^\s:@/?#"']{0,256}):[^\s@"']{1,512}@/gi, `$1:${gone}@`],
  [/\b((?:https?|wss?):\/\/[^\s:@/?#"']{0,256}):(?!\d{1,5}[/?#])[^\s@/"']{1,512}@/gi, `$1:${gone}@`],
  // A token in the place of the user.
  [/\b((?:https?|wss?):\/\/)[^\s:@/?#"']{1,512}@/gi, `$1${gone}@`],
  // These headers are secret to the end of their line (RFC 9110, 11.6.2; RFC 6265).
  [/\b((?:proxy-)?authorization|(?:set-)?cookie)(:\s{0,8})(?=\S)[^\r\n"']+/gi, `$1$2${gone}`],
  [/\b(Bearer\s+|(?:Basic|Token)\s+(?=[\w.~+/-]{0,512}[\d=]))[\w.~+/=-]{8,}/gi, `$1${gone}`],
  [/-----BEGIN [A-Z ]{1,40}-----[^]*?(?:-----END [A-Z ]{1,40}-----|$)/g, gone],
  // JSON Web Tokens (RFC 7519).
  [/(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g, gone],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, gone],
  [/\b(?:(?:gh[pousr]_|github_pat_|glpat-|xox[baprs]-|sk_live_|sk-|rk_live_|shpat_)[\w-]{10,}|(?:npm_|hf_)[A-Za-z0-9]{20,})/g, gone],
  // password=x, :secret => x
  [new RegExp(String.raw`(?<![\w-])((["']?)${anyName}\2\s{0,8}(?:=>|=(?![=>~]))\s{0,8})${value}`, 'g'), `$1${gone}`],
  // "api_key": x. Ruby names a method so in a backtrace: in 'token': …
  [new RegExp(String.raw`(?<!\bin )((["'])${anyName}\2\s{0,8}:(?!:)\s{0,8})${value}`, 'g'), `$1${gone}`],
  // Authorization: x
  [new RegExp(String.raw`(?<![\w#.-])((?:${plainName}):(?![:/])\s{0,8})${value}`, 'g'), `$1${gone}`],
]

/** Every secret stands beside one of these, or holds it: most lines of a log have none, and cost one look. */
const telling =
  /:\/\/|pass|secret|token|key|credential|auth|cookie|session|bearer|basic|-begin|eyj|akia|asia|gh[pousr]_|_pat_|glpat|xox|[rs]k[_-]|shpat|npm_|hf_/i

/** What else a report of somebody else's process may hold. */
const surroundings: readonly (readonly [RegExp, string])[] = [
  [/\b((?<![\w+.-])[a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@'"]{1,512}@/gi, `$1${gone}@`],
  // Query strings: they hold sessions, tokens and what people typed. C++ and Ruby never write `?x=` elsewhere.
  [/(\?)[\w.%[\]-]+=[^\s'")>]*/g, `$1${gone}`],
  // Environment values: NAME=value at the start of a word.
  [/(^|[\s'"])([A-Z][A-Z0-9]*_[A-Z0-9_]*)=("[^"]*"|'[^']*'|[^\s'"]+)/g, `$1$2=${gone}`],
]

const secretName = /secret|passw(or)?d|passphrase|token|key|credential|private|auth/i

/** Whether what goes by this name must not be printed. */
export function isSecretName(name: string): boolean {
  return secretName.test(name)
}

/** Text without what looks like a credential: for whatever is printed, logged or saved. Idempotent. */
export function redact(text: string): string {
  return telling.test(text) ? apply(secrets, text) : text
}

/** The same without environment values, query strings and names of users as well: for the text of a crash. Idempotent. */
export function redactReport(text: string): string {
  return apply(surroundings, redact(text))
}

function apply(rules: readonly (readonly [RegExp, string])[], text: string): string {
  let safe = text
  for (const [form, replacement] of rules) safe = safe.replace(form, replacement)
  return safe
}
