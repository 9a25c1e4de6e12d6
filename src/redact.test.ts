import { expect, test } from 'vitest'
import { redact, redactReport } from './redact.ts'

test.each([
  ['postgres://bob:hunter2@db.local/app', 'hunter2'],
  ['postgres://bob:hun/ter2@db.local/app', 'ter2'],
  ['redis://:s3cret@cache', 's3cret'],
  ['https://s3cretT0ken@github.com/a/b.git', 's3cretT0ken'],
  ['https://deploy:s3cret@gems.example/', 's3cret'],
  ['mysql2://h/d?password=s3cret&pool=5', 's3cret'],
  ['GET /login?user=bob&token=abc123 HTTP/1.1', 'abc123'],
  ['Authorization: Bearer abcdefgh12345678', 'abcdefgh12345678'],
  ['Authorization: Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
  ['X-Api-Key: 0123abcd', '0123abcd'],
  ['Set-Cookie: _app=0123abcd', '0123abcd'],
  ['cookie: a=1; _session=0123abcd', '0123abcd'],
  ['password=hunter2', 'hunter2'],
  ['password: hunter2', 'hunter2'],
  ['--password=hunter2', 'hunter2'],
  ['password="hunter 2"', 'hunter 2'],
  ['password=hun"ter2', 'ter2'],
  ['"api_key": "sk-abcdef1234567890"', 'sk-abcdef1234567890'],
  ['{"accessToken":"0123abcd","id":7}', '0123abcd'],
  [':secret_key_base=>"0123abcd"', '0123abcd'],
  ['{"auth":{"user":"bob","password":"hunter2"}}', 'hunter2'],
  ['"csrf_token" => "0123abcd"', '0123abcd'],
  ['SECRET_KEY_BASE=0123abcd ruby x.rb', '0123abcd'],
  ['API_TOKEN: 0123abcd', '0123abcd'],
  ['AKIAABCDEFGHIJKLMNOP', 'AKIAABCDEFGHIJKLMNOP'],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc', 'eyJzdWIiOiIxIn0'],
  ['ghp_abcdefghij0123456789', 'ghp_abcdefghij0123456789'],
  ['rk_live_abcdefghij0123456789', 'abcdefghij0123456789'],
  ['-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----', 'MIIE'],
])('takes the secret out of %s', (text, secret) => {
  for (const safe of [redact, redactReport]) {
    expect(safe(text)).not.toContain(secret)
    expect(safe(safe(text))).toBe(safe(text))
  }
})

test('keeps what is around a secret', () => {
  expect(redact('cannot reach postgres://app:s3cret@db/x: refused')).toBe('cannot reach postgres://app:***@db/x: refused')
  expect(redact('{"url":"http://h/?token=s3cret"}')).toBe('{"url":"http://h/?token=***"}')
  expect(redact('{"accessToken":"s3cret","id":7}')).toBe('{"accessToken":***,"id":7}')
})

test.each([
  ['DATABASE_URL=foo', 'foo'],
  ['GET /search?q=my+illness HTTP/1.1', 'illness'],
  ['postgres://bob@db.local/app', 'bob'],
])('takes out of a report what a log may say: %s', (text, told) => {
  expect(redact(text)).toBe(text)
  expect(redactReport(text)).not.toContain(told)
  expect(redactReport(redactReport(text))).toBe(redactReport(text))
})

test.each([
  "/srv/app/lib/jobs.rb:52:in `strlen'",
  "/srv/app/lib/auth.rb:52:in `authenticate': wrong number of arguments (ArgumentError)",
  "/srv/app/lib/auth.rb:52:in 'token': wrong number of arguments (ArgumentError)",
  "/srv/app/lib/auth.rb:52:in 'Auth#token': wrong number of arguments (ArgumentError)",
  'ActionController::InvalidAuthenticityToken: the form is too old',
  'Token::Error',
  'Parameters: {"session"=>{"email"=>"a@b.example"}}',
  'author: Bob',
  'tokenizer: ready',
  'if password == other',
  'Basic authentication failed',
  'listening on http://127.0.0.1:3000/app@home',
  '/lib/x86_64-linux-gnu/libruby-3.3.so.3.3(rb_vm_exec+0x78) [0x7fc9ed882a98]',
  'the first C frame after the signal is pg_ext.so in pgconn_exec (pg_connection.c:12)',
  'ruby 3.3.8 (2025-04-09 revision b200bad6cd) [x86_64-linux-gnu]',
  "Could not find 'pg' (= 1.4.5) - did find: [pg-1.4.5]",
])('leaves alone: %s', (text) => {
  expect(redact(text)).toBe(text)
  expect(redactReport(text)).toBe(text)
})

test.each([
  '-',
  'a',
  'A',
  '1',
  '_',
  'a.',
  'A_',
  '"',
  '?a',
  'eyJ',
  '-eyJ',
  'a:',
  'a://',
  '-----BEGIN A',
  'password',
  'password=',
  "'token'",
  'Token-',
])('ends with a megabyte of %j', (piece) => {
  const text = piece.repeat(2 ** 20 / piece.length)
  expect(redactReport(text).length).toBeLessThanOrEqual(text.length + 2 ** 20)
})
