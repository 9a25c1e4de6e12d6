import { describe, expect, test } from 'vitest'
import { onlyReport, read } from '../../../test/support/read-findings.ts'

const ruby = 'ruby 3.1.7p261 (2025-03-26 revision 0a3704f218) [x86_64-linux]'
const lines = (...all: readonly string[]): string => `${all.join('\n')}\n`

describe('a header that mail or a terminal broke', () => {
  test.each([
    ['behind its position', ['/srv/gems/tide-1.2.0/lib/tide.rb:9:', '[BUG] Segmentation fault at 0x0000000000000018']],
    ['behind a file being loaded', ['/srv/gems/tide-1.2.0/lib/tide.so:', '[BUG] Segmentation fault at 0x0000000000000018']],
    [
      'within its path',
      [`/srv/app/${'deep/'.repeat(10)}gems/tide-1.2.0/li`, 'b/tide.rb:9: [BUG] Segmentation fault at 0x0000000000000018'],
    ],
    ['before its address', ['/srv/gems/tide-1.2.0/lib/tide.rb:9: [BUG] Segmentation fault at', '0x0000000000000018']],
  ])('%s is put together again', (_, header) => {
    const told = onlyReport(read(lines('an ordinary line', ...header, ruby)))
    expect(told.header).toMatchObject({ signal: 'SEGV', address: '0x18' })
    expect(told.header?.file).toMatch(/\/gems\/tide-1\.2\.0\/lib\/tide\.(?:rb|so)$/)
  })

  test('takes no part of an ordinary line before it', () => {
    const told = onlyReport(read(lines('GET /srv/gems/tide-1.2.0/lib/tide.rb', '[BUG] Segmentation fault at 0x0000000000000018', ruby)))
    expect(told.header).toMatchObject({ file: null, signal: 'SEGV' })
  })

  test('and the description of Ruby on one line are two things', () => {
    const told = onlyReport(read(lines(`gems/tide-1.2.0/lib/tide.rb:9: [BUG] Segmentation fault ${ruby}`, ruby)))
    expect(told.header).toMatchObject({ signal: 'SEGV', address: null, message: 'Segmentation fault' })
  })
})

describe('a frame that mail or a terminal broke', () => {
  const report = (...frames: readonly string[]): string =>
    lines('tide.rb:9: [BUG] Segmentation fault at 0x0000000000000018', ruby, '-- C level backtrace information ---', ...frames)
  const whole = { library: '/srv/gems/tide-1.2.0/lib/tide.so', symbol: 'ebb', offset: '0x1a', address: '0x7f0c7d1c4caa' }

  test.each([
    ['before its address', ['/srv/gems/tide-1.2.0/lib/tide.so(ebb+0x1a)', '[0x7f0c7d1c4caa] tide.c:18']],
    ['within its address', ['/srv/gems/tide-1.2.0/lib/tide.so(ebb+0x1a) [0x7f0c7d', '1c4caa] tide.c:18']],
    ['within its path', ['/srv/gems/tide-1.2.0/lib/ti', 'de.so(ebb+0x1a) [0x7f0c7d1c4caa] tide.c:18']],
    ['within its function', ['/srv/gems/tide-1.2.0/lib/tide.so(eb', 'b+0x1a) [0x7f0c7d1c4caa] tide.c:18']],
  ])('%s is put together again', (_, frames) => {
    const told = onlyReport(read(report(...frames, '/lib/libc.so.6(start+0x1) [0x7f0c00000000]')))
    expect(told.cFrames).toMatchObject([{ ...whole, source: 'tide.c:18' }, { symbol: 'start' }])
  })

  test('that is whole takes nothing from a path above it', () => {
    const told = onlyReport(read(report('/usr/src/ruby/vm_dump.c:820', '/srv/gems/tide-1.2.0/lib/tide.so(ebb+0x1a) [0x7f0c7d1c4caa]')))
    expect(told.cFrames).toMatchObject([whole])
  })

  test.each([
    ['before its position', ['METHOD', '/srv/gems/tide-1.2.0/lib/tide.rb:9']],
    ['within its position', ['METHOD /srv/gems/tide-1', '.2.0/lib/tide.rb:9 [FINISH]']],
  ])('of Ruby %s is put together again', (_, [first = '', second = '']) => {
    const told = onlyReport(read(lines('-- Control frame information ---', `c:0002 p:0011 s:0039 e:000038 ${first}`, second)))
    expect(told.controlFrames).toEqual([{ depth: 2, type: 'METHOD', label: '/srv/gems/tide-1.2.0/lib/tide.rb:9' }])
  })
})

test('a load failure that says only in its next line what is the matter is read on', () => {
  const [failure] = read(
    lines(
      "tide.rb:4:in `require': dlopen(/srv/gems/tide-1.2.0/lib/tide.bundle, 9): Library not",
      '    loaded: /usr/lib/libebb.5.dylib (LoadError)',
    ),
  )
  expect(failure).toMatchObject({ tag: 'LoadFailure', why: 'library-missing', subject: '/usr/lib/libebb.5.dylib' })
})

test('a symbol that stands in the next line is the missing one, and a file may follow after two blanks', () => {
  const file = '/srv/gems/tide-1.2.0/lib/tide.so'
  const [broken] = read(lines(`LoadError: ${file}: undefined symbol:`, `ebb - ${file}`))
  expect(broken).toMatchObject({ why: 'undefined-symbol', symbol: 'ebb', file })
  expect(read(lines(`LoadError: ${file}: undefined symbol: ebb -  ${file}`))).toMatchObject([
    { why: 'undefined-symbol', symbol: 'ebb', file },
  ])
})

describe('a message that a terminal broke at its last column', () => {
  const message =
    "/usr/local/bundle/gems/tide-5.3.0/lib/tide.rb:17:in `require': libebb-6.Q16.so.6: cannot open shared object file: No such file or directory - /usr/local/bundle/gems/tide-5.3.0/lib/tide.so (LoadError)"
  const broken = (width: number): string => lines(...(message.match(new RegExp(`.{1,${width}}`, 'g')) ?? []), 'exit')

  test.each([80, 90])('%i is put together again', (width) => {
    expect(read(broken(width))).toMatchObject([
      { tag: 'LoadFailure', why: 'library-missing', subject: 'libebb-6.Q16.so.6', file: '/usr/local/bundle/gems/tide-5.3.0/lib/tide.so' },
    ])
  })

  test('is no two messages of one length, one after the other', () => {
    const one = 'Ignoring tide-5.3.0 because its extensions are not built. Try: gem pristine tide --version 5.3.0'
    expect(read(lines(one, one.replaceAll('tide', 'ebbs'), one))).toHaveLength(3)
  })

  test('takes nothing from a header below it', () => {
    const idle = `this line is as long as the other one, and not found anywhere: ${'-'.repeat(40)}`
    const told = onlyReport(
      read(lines(idle.replace('this', 'that'), idle, 'tide.rb:9: [BUG] Segmentation fault at 0x0000000000000018', ruby)),
    )
    expect(told.header).toMatchObject({ file: 'tide.rb', line: 9 })
  })
})
