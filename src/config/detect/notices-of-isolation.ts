import { noticeIsolation } from '../../workers/servers/notice-isolation.ts'
import type { AppFacts, ServerName } from '../../workers/servers/server-rules.ts'

/** What works otherwise in isolated workers than under the app's own server: sentences to be said before anything starts. */
export function noticesOfIsolation(server: ServerName | null, app: AppFacts): string[] {
  const config = app.readText('config.ru')
  return noticeIsolation(server, app, config === null ? [] : [config]).map(({ text, remedy }) => `${text} ${remedy}.`)
}
