/** States with this number or a higher one have found a needle. */
export interface NeedleAutomaton {
  /** Next state by `state * 256 + byte`. */
  readonly next: Uint16Array
  readonly firstFound: number
}

/** Byte that no needle holds and that starts afresh. */
const newline = 10

interface Node {
  readonly children: Map<number, Node>
  fail: Node | null
  found: boolean
  id: number
}

/**
 * Builds the automaton of Aho and Corasick ("Efficient string matching", 1975) as one dense table, so that a byte costs one look-up
 * however many needles there are. Needles are ASCII.
 */
export function buildNeedleAutomaton(needles: readonly string[]): NeedleAutomaton {
  const root = newNode()
  for (const needle of needles) {
    let at = root
    for (const byte of Buffer.from(needle, 'latin1')) {
      const child = at.children.get(byte) ?? newNode()
      at.children.set(byte, child)
      at = child
    }
    at.found = true
  }
  const nodes = linkFailures(root)
  const ordered = [...nodes.filter(({ found }) => !found), ...nodes.filter(({ found }) => found)]
  for (const [id, node] of ordered.entries()) node.id = id
  const next = new Uint16Array(ordered.length * 256)
  // Breadth first: the row of a node's failure is complete before its own.
  for (const node of nodes) {
    const row = node.id * 256
    if (node.fail !== null) next.copyWithin(row, node.fail.id * 256, node.fail.id * 256 + 256)
    for (const [byte, child] of node.children) next[row + byte] = child.id
    next[row + newline] = 0
  }
  return { next, firstFound: nodes.filter(({ found }) => !found).length }
}

function linkFailures(root: Node): Node[] {
  const nodes = [root]
  for (let at = 0; at < nodes.length; at += 1) {
    const node = nodes[at]
    if (node === undefined) break
    for (const [byte, child] of node.children) {
      let fail = node.fail
      while (fail !== null && !fail.children.has(byte)) fail = fail.fail
      child.fail = fail?.children.get(byte) ?? root
      child.found ||= child.fail.found
      nodes.push(child)
    }
  }
  return nodes
}

function newNode(): Node {
  return { children: new Map(), fail: null, found: false, id: 0 }
}
