import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { BezelEvent } from '../../events.ts'
import { systemClock } from '../../system/clock.ts'
import { FrontDoor } from '../front-door.ts'
import { frontDoorDefaults, type FrontDoorSettings } from '../options.ts'
import { FakeWorker, type FakeRequest } from './fake-worker.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** What a client got: an answer, or the error that ended its connection. */
export type Outcome = Answer | { readonly error: string }

/** A front door on a port of its own, with fake workers behind it. */
export class Rig {
  readonly facts: BezelEvent[] = []
  readonly lines: string[] = []
  readonly door: FrontDoor
  private readonly workers = new Map<number, FakeWorker>()
  private readonly clients = new Set<Socket>()
  private nextRun = 0
  /** Whether a run whose connection closed is ending. */
  isEnding: (run: number) => boolean = (run) => this.workers.get(run)?.dead !== false

  private constructor(settings: Partial<FrontDoorSettings>) {
    const outside = { clock: systemClock, random: Math.random, emit: (fact: BezelEvent) => void this.facts.push(fact) }
    this.door = new FrontDoor({ ...frontDoorDefaults, ...settings }, outside, {
      isEnding: ({ run }) => this.isEnding(run),
      accessLog: { write: (line) => void this.lines.push(line) },
    })
  }

  static async open(settings: Partial<FrontDoorSettings> = {}): Promise<Rig> {
    const rig = new Rig(settings)
    await rig.door.listen({ port: 0, host: '127.0.0.1' })
    return rig
  }

  get port(): number {
    return this.door.port!
  }

  /** Starts a worker and says that it is ready; answers its run. */
  async boot(
    onRequest: (request: FakeRequest) => void,
    slots = 4,
    keepAliveTimeoutMs = 20_000,
  ): Promise<{ run: number; worker: FakeWorker }> {
    const worker = await FakeWorker.start(onRequest)
    const run = ++this.nextRun
    this.workers.set(run, worker)
    this.door.runReady(worker.run(run, slots, keepAliveTimeoutMs))
    return { run, worker }
  }

  /** The run ends as if its process were killed, and is fenced after `fenceMs`. */
  kill(
    run: number,
    {
      fenced = Promise.resolve(),
      incident = `incident-${run}`,
      killed = false,
    }: { fenced?: Promise<void>; incident?: string | null; killed?: boolean } = {},
  ): void {
    this.workers.get(run)?.die()
    this.door.runExited(run, killed, incident, fenced)
  }

  async killAndSettle(run: number): Promise<void> {
    this.kill(run)
    await until(() => this.settled(run) !== undefined)
  }

  ask(
    path: string,
    { method = 'GET', headers = {}, body = '' }: { method?: string; headers?: Record<string, string>; body?: string } = {},
  ): Promise<Outcome> {
    return new Promise((resolve) => {
      const request = httpRequest({ port: this.port, host: '127.0.0.1', path, method, headers, agent: false }, (response) => {
        let text = ''
        response.setEncoding('latin1')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
        response.on('error', (error) => resolve({ error: error.message }))
      })
      request.on('error', (error) => resolve({ error: error.message }))
      request.on('socket', (socket) => this.clients.add(socket))
      request.end(body)
    })
  }

  /** A connection that says and hears octets. */
  dial(): Line {
    const line = new Line(connect({ port: this.port, host: '127.0.0.1', allowHalfOpen: true }))
    this.clients.add(line.socket)
    return line
  }

  settled(run: number): Extract<BezelEvent, { tag: 'RunSettled' }> | undefined {
    return this.facts.filter((fact) => fact.tag === 'RunSettled').find((fact) => fact.run === run)
  }

  async close(): Promise<void> {
    for (const socket of this.clients) socket.destroy()
    await this.door.stop(systemClock.nowMs() + 1_000)
    for (const worker of this.workers.values()) worker.die()
  }
}

export class Line {
  readonly socket: Socket
  heard = ''
  ended = false
  /** Code of the error that ended it, if one did. */
  error: string | null = null
  closed = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.heard += text
    })
    socket.on('end', () => {
      this.ended = true
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code ?? error.message
    })
    socket.on('close', () => {
      this.closed = true
    })
  }

  say(text: string): this {
    this.socket.write(text, 'latin1')
    return this
  }

  /** Waits until `text` was heard. */
  async hears(text: string): Promise<void> {
    await until(
      () => this.heard.includes(text),
      () => `heard ${JSON.stringify(this.heard)}, wanted ${JSON.stringify(text)}`,
    )
  }
}

/** Waits for a condition, with a deadline that a loaded machine keeps. */
export async function until(met: () => boolean, what: () => string = () => 'condition'): Promise<void> {
  const deadline = performance.now() + 15_000
  while (!met()) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what()}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
