/** One request of the tour. */
export interface Asked {
  /** Null: no answer came. */
  readonly status: number | null
  readonly body: string
  readonly tookMs: number
}

const timeoutMs = 60_000

export async function ask(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Asked> {
  const startedMs = performance.now()
  try {
    const answer = await fetch(url, { headers, signal: AbortSignal.timeout(timeoutMs) })
    return { status: answer.status, body: (await answer.text()).trim(), tookMs: performance.now() - startedMs }
  } catch (error) {
    return { status: null, body: String(error), tookMs: performance.now() - startedMs }
  }
}
