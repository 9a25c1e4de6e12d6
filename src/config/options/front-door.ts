import { frontDoorDefaults as defaults } from '../../front-door/options.ts'
import { duration, integer, list, onOff, orNone, size, text } from '../kinds.ts'
import { option } from '../option.ts'

const hour = 3_600_000
const kb = 1024
const gb = 2 ** 30

const range = text('CIDR', 'an address or a CIDR range', /^[\da-fA-F.:]{2,45}(\/\d{1,3})?$/)
const method = text('METHOD', 'an HTTP method in capitals', /^[A-Z]{3,20}$/)

export const frontDoorOptions = {
  'front_door.host': option(
    text('ADDRESS', 'an IP address or a host name', /^[\w.:-]{1,253}$/),
    '0.0.0.0',
    'Address on which HTTP is served.',
    { flag: '--host' },
  ),
  'front_door.port': option(orNone(integer(0, 65_535), 'auto'), null, 'Port on which HTTP is served; 0 takes a free one.', {
    auto: 'PORT if set, else 3000',
    flag: '--port',
  }),
  'front_door.access_log': option(onOff(), true, 'Whether each request is logged.'),
  'front_door.max_clients': option(
    integer(1, 1_000_000),
    defaults.maxConnections,
    'Client connections at once; further ones are closed as they come. Fewer where a process may not open so many files.',
  ),
  'front_door.backlog': option(integer(1, 65_535), defaults.backlog, 'Length of the accept queue that is asked for.'),
  'front_door.request_deadline': option(
    duration(100, 24 * hour),
    defaults.requestTimeoutMs,
    'From the moment that a worker has a request to the head of its answer; then 504, and the worker counts as hung.',
  ),
  'front_door.queue_limit': option(integer(0, 1_000_000), defaults.queueLimit, 'Requests that may wait for a worker.'),
  'front_door.queue_deadline': option(
    duration(0, hour),
    defaults.queueTimeoutMs,
    'Longest wait for a worker, then 503. Longer than a boot, or a crash of all workers costs requests.',
  ),
  'front_door.head_timeout': option(duration(100, hour), defaults.headTimeoutMs, 'From the first byte of a request head to its last.'),
  'front_door.idle_timeout': option(
    duration(100, 24 * hour),
    defaults.idleTimeoutMs,
    'A connection without a request is closed after this long.',
  ),
  'front_door.body_timeout': option(
    duration(100, hour),
    defaults.bodyTimeoutMs,
    'Longest pause while a body is read from, or an answer written to, a client.',
  ),
  'front_door.max_head': option(size(kb, 1024 * kb), defaults.maxHeadBytes, 'Longest request or answer head.'),
  'front_door.max_target': option(size(64, 1024 * kb), defaults.maxTargetBytes, 'Longest request target (path and query).'),
  'front_door.max_headers': option(integer(1, 1_000), defaults.maxHeaders, 'Header lines of one request.'),
  'front_door.max_body': option(size(0, 1024 * gb), defaults.maxBodyBytes, 'Longest request body.'),
  'front_door.held_body': option(
    size(0, gb),
    defaults.holdBodyBytes,
    'A body up to this long is held until the answer comes, so that the request can be sent again after a crash.',
  ),
  'front_door.held_bodies': option(
    size(0, 64 * gb),
    defaults.holdTotalBytes,
    'Held bodies of all requests together; past it bodies are streamed.',
  ),
  'front_door.repeat_methods': option(
    list(method, 'a list of HTTP methods in capitals'),
    defaults.repeatMethods,
    'Methods that may be sent to a second worker when the first died with them. Add PUT and DELETE only if the app means them to be idempotent.',
  ),
  'front_door.trusted_proxies': option(
    list(range, 'a list of addresses or CIDR ranges'),
    defaults.trustedPeers,
    'Peers whose X-Forwarded-* and X-Request-Id are believed.',
  ),
}
