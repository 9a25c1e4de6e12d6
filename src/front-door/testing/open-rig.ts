import type { FrontDoorSettings } from '../options.ts'
import type { FakeRequest } from './fake-worker.ts'
import { Rig, until, type Outcome } from './rig.ts'

const rigs: Rig[] = []

/** Opens a front door that `closeRigs` closes. */
export async function open(settings: Partial<FrontDoorSettings> = {}): Promise<Rig> {
  const rig = await Rig.open(settings)
  rigs.push(rig)
  return rig
}

export async function closeRigs(): Promise<void> {
  for (const rig of rigs.splice(0)) await rig.close()
}

export function echo(request: FakeRequest): void {
  request.reply(`${request.method} ${request.target} ${request.body}`)
}

/** The octets of a GET; `lines` are further header lines, each with its CRLF. */
export function get(path: string, lines = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`
}

/** A worker that answers nothing: what it got. */
export function mute(): { got: FakeRequest[]; hear: (request: FakeRequest) => void } {
  const got: FakeRequest[] = []
  return { got, hear: (request) => void got.push(request) }
}

/** A front door, and a run that holds one request for each path and answers none. */
export async function openHolding(
  paths: readonly string[],
  settings: Partial<FrontDoorSettings> = {},
): Promise<{ rig: Rig; run: number; answers: Promise<Outcome>[] }> {
  const rig = await open(settings)
  const { got, hear } = mute()
  const { run } = await rig.boot(hear)
  const answers = paths.map((path) => rig.ask(path))
  await until(() => got.length === paths.length)
  return { rig, run, answers }
}
