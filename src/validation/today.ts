/** The day as `2026-01-31`, in UTC: what ends of exceptions are held against. */
export function today(): string {
  return new Date().toISOString().slice(0, 10)
}
