const urlPassword = /([a-z][a-z\d+.-]*:\/\/[^\s:@/?#]*):[^\s@]*@/gi
const secretParameter = /([?&;\s](?:\w*(?:password|passwd|secret|token|api_?key))=)[^&\s"']+/gi

/** Text without the passwords of URLs and of `password=` parameters: for whatever is printed, logged or saved. */
export function redact(text: string): string {
  return text.replace(urlPassword, '$1:***@').replace(secretParameter, '$1***')
}
