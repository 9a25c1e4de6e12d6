import { expect, test } from 'vitest'
import { redact } from './redact.ts'

test.each([
  ['postgres://bob:hunter2@db.local/app', 'hunter2'],
  ['GET /login?user=bob&token=abc123 HTTP/1.1', 'abc123'],
  ['Authorization: Bearer abcdefgh12345678', 'abcdefgh12345678'],
  ['password=hunter2', 'hunter2'],
  ['"api_key": "sk-abcdef1234567890"', 'sk-abcdef1234567890'],
  [':secret_key_base=>"0123abcd"', '0123abcd'],
  ['SECRET_KEY_BASE=0123abcd ruby x.rb', '0123abcd'],
  ['DATABASE_URL=foo', 'foo'],
  ['AKIAABCDEFGHIJKLMNOP', 'AKIAABCDEFGHIJKLMNOP'],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc', 'eyJzdWIiOiIxIn0'],
  ['ghp_abcdefghij0123456789', 'ghp_abcdefghij0123456789'],
  ['-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----', 'MIIE'],
])('takes the secret out of %s', (text, secret) => {
  expect(redact(text)).not.toContain(secret)
  expect(redact(redact(text))).toBe(redact(text))
})

test.each([
  "/srv/app/lib/jobs.rb:52:in `strlen'",
  '/lib/x86_64-linux-gnu/libruby-3.3.so.3.3(rb_vm_exec+0x78) [0x7fc9ed882a98]',
  'the first C frame after the signal is pg_ext.so in pgconn_exec (pg_connection.c:12)',
  'ruby 3.3.8 (2025-04-09 revision b200bad6cd) [x86_64-linux-gnu]',
  "Could not find 'pg' (= 1.4.5) - did find: [pg-1.4.5]",
])('leaves alone: %s', (text) => {
  expect(redact(text)).toBe(text)
})
