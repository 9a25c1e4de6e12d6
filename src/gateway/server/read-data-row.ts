/** The values of a DataRow in text format (PostgreSQL manual, "Message Formats"). Total: a row that ends too early gives the values before that. */
export function readDataRow(buffer: Buffer, start: number, end: number): (string | null)[] {
  const values: (string | null)[] = []
  if (end - start < 2) return values
  const count = buffer.readInt16BE(start)
  let at = start + 2
  while (values.length < count && at + 4 <= end) {
    const length = buffer.readInt32BE(at)
    at += 4
    if (length < 0) values.push(null)
    else if (at + length > end) return values
    else values.push(buffer.toString('utf8', at, (at += length)))
  }
  return values
}
