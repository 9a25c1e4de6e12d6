import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ServingRun } from '../../link/messages.ts'

/** One request as a fake worker got it. */
export interface FakeRequest {
  readonly method: string
  readonly target: string
  /** Lower-case names; of repeated ones the last. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The whole head as it came. */
  readonly text: string
  readonly socket: Socket
  /** Answers with a length, and keeps the connection. */
  reply(body: string, status?: number): void
}

/** A server on a Unix socket that does what a test says, and can die as a process does. Reads only requests with a length, or chunked in whole. */
export class FakeWorker {
  readonly requests: FakeRequest[] = []
  readonly path: string
  connections = 0
  dead = false
  private readonly server: Server
  private readonly folder: string
  private readonly sockets = new Set<Socket>()
  private readonly onRequest: (request: FakeRequest) => void

  private constructor(onRequest: (request: FakeRequest) => void) {
    this.onRequest = onRequest
    this.folder = mkdtempSync(join(tmpdir(), 'bezel-fd-'))
    this.path = join(this.folder, 's')
    this.server = createServer((socket) => this.serve(socket))
  }

  static async start(onRequest: (request: FakeRequest) => void): Promise<FakeWorker> {
    const worker = new FakeWorker(onRequest)
    await new Promise<void>((resolve) => worker.server.listen(worker.path, resolve))
    return worker
  }

  run(run: number, slots = 4, keepAliveTimeoutMs = 20_000): ServingRun {
    return { worker: run, run, processGroup: 0, address: { tag: 'Unix', path: this.path }, slots, keepAliveTimeoutMs }
  }

  /** Ends as a killed process does: every connection closes, nobody listens. */
  die(): void {
    if (this.dead) return
    this.dead = true
    this.server.close()
    for (const socket of this.sockets) socket.destroy()
    rmSync(this.folder, { recursive: true, force: true })
  }

  private serve(socket: Socket): void {
    this.connections++
    this.sockets.add(socket)
    socket.on('close', () => this.sockets.delete(socket)).on('error', () => {})
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      for (let request = this.take(text, socket); request !== null; request = this.take(text, socket)) {
        text = text.slice(request.length)
        this.requests.push(request.request)
        this.onRequest(request.request)
      }
    })
  }

  private take(text: string, socket: Socket): { request: FakeRequest; length: number } | null {
    const headEnd = text.indexOf('\r\n\r\n') + 4
    if (headEnd < 4) return null
    const [first = '', ...lines] = text.slice(0, headEnd - 4).split('\r\n')
    const headers: Record<string, string> = {}
    for (const line of lines) headers[line.slice(0, line.indexOf(':')).toLowerCase()] = line.slice(line.indexOf(':') + 1).trim()
    const chunked = headers['transfer-encoding'] === 'chunked'
    const end = chunked ? text.indexOf('0\r\n\r\n', headEnd) + 5 : headEnd + Number(headers['content-length'] ?? 0)
    if (text.length < end || (chunked && end < headEnd + 5)) return null
    const [method = '', target = ''] = first.split(' ')
    const reply = (body: string, status = 200) => void socket.write(`HTTP/1.1 ${status} X\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    return {
      request: { method, target, headers, body: text.slice(headEnd, end), text: text.slice(0, headEnd), socket, reply },
      length: end,
    }
  }
}
