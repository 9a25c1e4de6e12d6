import { describe, expect, test } from 'vitest'
import { explainText, report } from '../../../test/support/crash-story.ts'

const line = 'c:0002 p:0001 s:0001 e:000001 METHOD /srv/app.rb:1'
const cfunc = (name: string): string => `c:0003 p:---- s:0001 e:000001 CFUNC  :${name}`
const feature = (file: string): string => `\n* Loaded features:\n\n    0 /srv/gems/${file}\n`

describe('a report without a C frame that tells', () => {
  test('names the one gem with compiled code whose method it can be, and nobody where two could have it', () => {
    const text = report({ control: [cfunc('grind'), line], c: [] })
    expect(explainText(text + feature('mill-0.3.1/lib/mill/mill_native.so'))).toMatchObject({
      confidence: 'suspected',
      culprit: { gem: 'mill', version: '0.3.1', function: 'grind' },
    })
    const two = `${text}${feature('mill-0.3.1/lib/mill/mill_native.so')}    1 /srv/gems/kiln-2.0/lib/kiln.so\n`
    expect(explainText(two).culprit).toBeNull()
  })

  test('names nobody by the name of a method that Ruby itself has', () => {
    const text = report({ control: [cfunc('transform_values'), line], c: [] })
    expect(explainText(text + feature('mill-0.3.1/lib/mill/mill_native.so')).culprit).toBeNull()
  })

  test('suspects a gem whose Ruby code called and that has compiled code loaded, known or not', () => {
    const control = [cfunc('freeze'), 'c:0002 p:0001 s:0001 e:000001 METHOD /srv/gems/mill-0.3.1/lib/mill.rb:9']
    expect(explainText(report({ control, c: [] })).culprit).toBeNull()
    expect(explainText(report({ control, c: [] }) + feature('mill-0.3.1/lib/mill/mill_native.so'))).toMatchObject({
      confidence: 'suspected',
      culprit: { gem: 'mill' },
    })
  })

  test('but a header, which shows no list of compiled files, suspects its gem unless that is known to call others only', () => {
    const ruby = 'ruby 3.3.8 (2025-04-09 revision b200bad6cd) [x86_64-linux]'
    const header = (gem: string): string => `/gems/${gem}/lib/a.rb:9: [BUG] Segmentation fault at 0x00000000000004c8\n${ruby}\n`
    expect(explainText(header('mill-0.3.1'))).toMatchObject({ confidence: 'suspected', culprit: { gem: 'mill', version: '0.3.1' } })
    expect(explainText(header('activerecord-7.1.0')).culprit).toBeNull()
    expect(explainText(header('listen-3.1.5')).culprit).toBeNull()
  })

  test('leaves a server alone that only called the application', () => {
    const header = './bundle/ruby/3.3.0/gems/puma-6.4.2/lib/puma/cluster.rb:90: [BUG] Segmentation fault at 0x00000000000004c8'
    const told = explainText(`${header}\nruby 3.3.8 (2025-04-09 revision b200bad6cd) [x86_64-linux]\n`)
    expect(told).toMatchObject({ confidence: 'unknown', culprit: null, alternatives: [{ who: 'puma' }] })
  })

  test('suspects a gem that drives a C library through ffi', () => {
    const header = '/gems/ethon-0.16.0/lib/ethon/curls/classes.rb:36: [BUG] Illegal instruction at 0x0000000104584000'
    expect(explainText(header)).toMatchObject({ confidence: 'suspected', culprit: { gem: 'ethon', version: '0.16.0' } })
  })

  test("suspects a library of Ruby's own with a compiled half, if a method of that half ran", () => {
    const control = (method: string): string[] => [
      cfunc(method),
      'c:0002 p:0001 s:0001 e:000001 METHOD /usr/local/lib/ruby/3.3.0/openssl/buffering.rb:383',
    ]
    expect(explainText(report({ control: control('syswrite_nonblock'), c: [] }))).toMatchObject({
      confidence: 'suspected',
      culprit: { gem: 'openssl' },
    })
    expect(explainText(report({ control: control('each'), c: [] })).culprit).toBeNull()
  })

  test('stays suspected where a known cause only resembles: the caller of an allocation in garbage collection is often innocent', () => {
    const header = '/gems/skylight-5.1.1/lib/skylight/subscriber.rb:97: [BUG] object allocation during garbage collection phase'
    const told = explainText(`${header}\nruby 3.3.8 (2025-04-09 revision b200bad6cd) [x86_64-linux]\n`)
    expect(told).toMatchObject({ kind: 'abort', causeId: 'GC-ALLOC-IN-MARK', confidence: 'suspected' })
  })

  test('suspects the gem that asked ffi to open a library whose initialiser crashed', () => {
    const control = [
      cfunc('open'),
      'c:0002 p:0022 s:0142 e:000141 BLOCK  /gems/ffi-1.12.2/lib/ffi/library.rb:112 [FINISH]',
      'c:0001 p:0078 s:0111 e:000110 CLASS  /gems/sassc-2.2.1/lib/sassc/native.rb:11',
    ]
    expect(explainText(report({ control, c: [] }))).toMatchObject({ confidence: 'suspected', culprit: { gem: 'sassc', version: '2.2.1' } })
    expect(explainText(report({ control: control.slice(0, 2), c: [] })).culprit).toBeNull()
  })

  test('means bootsnap where its compile cache was at work', () => {
    const header = '(my folder)/gems/bootsnap-1.3.1/lib/bootsnap/compile_cache/iseq.rb:12: [BUG] Segmentation fault at 0x0000000000000000'
    const told = explainText(`${header}\nruby 3.3.8 (2025-04-09 revision b200bad6cd) [x86_64-linux]\n`)
    expect(told).toMatchObject({ causeId: 'ISEQ-CACHE', confidence: 'suspected', culprit: { gem: 'bootsnap' } })
  })
})
