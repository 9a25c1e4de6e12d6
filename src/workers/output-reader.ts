import { readSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Clock } from '../resilience/drive.ts'

export interface OutputLimit {
  /** Bytes that may come at once. */
  readonly burstBytes: number
  /** Bytes a second in the long run. */
  readonly bytesPerSecond: number
}

/** Most read in one go after an exit, in bytes: a pipe holds 64 KiB, 1 MiB when the worker enlarged it (pipe(7)). */
const maxRestBytes = 2 ** 20

/**
 * Drains one FIFO without end, so that a worker never blocks on its output. What exceeds the limit is dropped and counted;
 * `onChunk` is called synchronously and keeps nothing waiting here.
 */
export class OutputReader {
  readonly #fd: number
  readonly #socket: Socket
  readonly #clock: Clock
  readonly #limit: OutputLimit
  readonly #onChunk: (chunk: Buffer) => void
  #tokens: number
  #filledAtMs: number
  #isOpen = true
  dropped = 0

  /** Takes `fd` over. */
  constructor(fd: number, limit: OutputLimit, clock: Clock, onChunk: (chunk: Buffer) => void, onEnd: () => void) {
    this.#fd = fd
    this.#limit = limit
    this.#clock = clock
    this.#onChunk = onChunk
    this.#tokens = limit.burstBytes
    this.#filledAtMs = clock.nowMs()
    this.#socket = new Socket({ fd, readable: true, writable: false })
    this.#socket.on('data', (chunk: Buffer) => this.#pass(chunk))
    // An error on a read end is an end.
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => {
      this.#isOpen = false
      onEnd()
    })
  }

  /**
   * Passes on at once what lies in the pipe: the writer is dead. libuv reads before it reaps, but when another child's end has
   * woken it, it reaps also what wrote and ended since that reading.
   */
  readRest(): void {
    const buffer = Buffer.allocUnsafe(65_536)
    for (let total = 0; this.#isOpen && total < maxRestBytes;) {
      let bytes = 0
      try {
        bytes = readSync(this.#fd, buffer)
      } catch {
        // EAGAIN: empty, and some process still has it open.
      }
      if (bytes === 0) return
      total += bytes
      this.#pass(Buffer.from(buffer.subarray(0, bytes)))
    }
  }

  /** Idempotent. */
  close(): void {
    this.#isOpen = false
    this.#socket.destroy()
  }

  #pass(chunk: Buffer): void {
    const nowMs = this.#clock.nowMs()
    this.#tokens = Math.min(this.#limit.burstBytes, this.#tokens + ((nowMs - this.#filledAtMs) / 1_000) * this.#limit.bytesPerSecond)
    this.#filledAtMs = nowMs
    if (chunk.length > this.#tokens) {
      this.dropped += chunk.length
      return
    }
    this.#tokens -= chunk.length
    this.#onChunk(chunk)
  }
}
