// An app that is well, and logs what looks like Ruby's own crash line when asked for /wolf. Listens on the socket it is given.
import { createServer } from 'node:http'

createServer((request, response) => {
  if (request.url === '/wolf') console.error('/app/wolf.rb:1: [BUG] Segmentation fault at 0x0000000000000008')
  response.end('well\n')
}).listen(process.argv[2])

process.once('SIGTERM', () => process.exit(0))
