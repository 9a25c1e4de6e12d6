/** The password of a URL: everything from the second colon to an `@`. A `host:port/path@` of the web is left alone. */
const urlPassword = /\b((?!https?:|wss?:)[a-z][a-z\d+.-]{0,30}:\/\/[^\s:@/?#"']{0,256}):[^\s@"']{1,512}@/gi
const webPassword = /\b((?:https?|wss?):\/\/[^\s:@/?#"']{0,256}):(?!\d{1,5}[/?#])[^\s@/"']{1,512}@/gi
const secretParameter = /\b((?:\w{0,40}(?:password|passwd|secret|token|api_?key))=)[^&\s"']{1,512}/gi

const secretName = /secret|passw(or)?d|passphrase|token|key|credential|private|auth/i

/** Whether what goes by this name must not be printed. */
export function isSecretName(name: string): boolean {
  return secretName.test(name)
}

/** Text without the passwords of URLs and of `password=` parameters: for whatever is printed, logged or saved. */
export function redact(text: string): string {
  return text.replace(urlPassword, '$1:***@').replace(webPassword, '$1:***@').replace(secretParameter, '$1***')
}
