export interface Arm {
  readonly name: string
  measure(): Promise<number>
}

export interface Comparison {
  readonly unit: string
  readonly rounds: number
  /** Medians by arm. */
  readonly medians: Readonly<Record<string, number>>
  /** Every figure by arm, in the order of measuring. */
  readonly figures: Readonly<Record<string, readonly number[]>>
}

/** Measures all arms in each round, each time beginning with another one, so that a slow minute of the machine hits all of them. */
export async function compare(unit: string, arms: readonly Arm[], rounds: number, told: (line: string) => void): Promise<Comparison> {
  const figures: Record<string, number[]> = Object.fromEntries(arms.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < arms.length; turn += 1) {
      const arm = arms[(round + turn) % arms.length]
      if (arm === undefined) continue
      const figure = await arm.measure()
      figures[arm.name]?.push(figure)
      told(`round ${round + 1}/${rounds}  ${arm.name.padEnd(34)}${Math.round(figure).toLocaleString('en-US').padStart(9)} ${unit}`)
    }
  }
  const medians = Object.fromEntries(Object.entries(figures).map(([name, values]) => [name, medianOf(values)]))
  return { unit, rounds, medians, figures }
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}
