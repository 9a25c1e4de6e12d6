import { beforeEach, describe, expect, test } from 'vitest'
import { home, put, remedy } from '../../../test/support/remedy-scene.ts'
import type { Mend } from '../observation.ts'

const libpq: Mend = { tag: 'Library', name: 'libpq.so.5' }

test("a library that no table knows is found by Debian's own search", () => {
  expect(remedy({ tag: 'Library', name: 'libre2.so.11' })).toEqual([
    'apt-get install -y apt-file',
    'apt-file update',
    "apt-get install -y $(apt-file --package-only find --regexp '/libre2\\.so\\.11$' | head -n 1)",
  ])
  expect(remedy({ tag: 'Library', name: '/opt/lib/libre2.so.11' })).toEqual(['Install the package that holds /opt/lib/libre2.so.11.'])
})

test('a gem is compiled again where only the machine that built it had the library', () => {
  put(`${home}/cache/bcrypt-3.1.20.gem`)
  expect(remedy({ tag: 'Library', name: 'libours.so.1', orRebuild: true })).toEqual(['bundle pristine bcrypt'])
  expect(remedy({ ...libpq, orRebuild: true })).toEqual(['apt-get install -y libpq5'])
})

test('the loader is told of a library that is there', () => {
  expect(remedy({ tag: 'Relink' }, { typist: { rootBy: 'sudo' } })).toEqual(['sudo ldconfig'])
})

describe('a package is installed over itself', () => {
  const folder = '/usr/lib/x86_64-linux-gnu'
  const status = (name: string, depends: string) => `Package: ${name}\nStatus: install ok installed\nDepends: ${depends}\n`
  beforeEach(() => {
    put('/var/lib/dpkg/info/libpq5:amd64.list', `${folder}/libpq.so.5\n${folder}/libpq.so.5.15\n`)
    put('/var/lib/dpkg/info/libpq5:i386.list', '/usr/lib/i386-linux-gnu/libpq.so.5\n')
    put('/var/lib/dpkg/status', [status('libpq5', 'libldap-2.5-0 (>= 2.5.4) | libldap'), status('libldap', 'libpq5')].join('\n'))
  })

  test('when it has lost the library', () => {
    expect(remedy(libpq)).toEqual(['apt-get install --reinstall -y libpq5'])
  })

  test('together with what it asks for, and not with what only a file in its place would need', () => {
    const around = [`${folder}/libpq.so.5.15`]
    expect(remedy({ tag: 'Library', name: 'libldap-2.5.so.0', around })).toEqual(['apt-get install --reinstall -y libldap-2.5-0 libpq5'])
    expect(remedy({ tag: 'Library', name: 'libssl.so.1.1', around })).toEqual(['apt-get install --reinstall -y libpq5'])
  })

  test('also where a file of another version stands behind its link', () => {
    const around = [`${folder}/libpq.so.5.17`]
    expect(remedy({ tag: 'Library', name: 'libstrange.so.3', around })).toEqual(['apt-get install --reinstall -y libpq5'])
  })

  test('after packages that others ask for, without which apt-get refuses everything', () => {
    put('/var/lib/dpkg/status', [status('libpq5', 'libldap-2.5-0'), status('libpq-dev', 'libpq5')].join('\n'))
    expect(remedy(libpq)).toEqual(['apt-get --fix-broken install -y', 'apt-get install --reinstall -y libpq5'])
  })

  test("by Alpine's installer", () => {
    put('/var/lib/dpkg/status')
    put('/lib/apk/db/installed', 'P:libpq\nV:16.3-r0\nF:usr/lib\nR:libpq.so.5\nR:libpq.so.5.16\n\nP:zlib\n')
    expect(remedy(libpq, { system: 'alpine' })).toEqual(['apk fix --reinstall libpq'])
  })
})
