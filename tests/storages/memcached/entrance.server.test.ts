import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import type { Storage } from '../../../src/contracts/storage.ts'
import { memcached, type MemcachedOptions } from 'tiercel/memcached'
import { isServerHere, useServer } from '../../servers/servers.ts'
import { item, texts } from '../items.ts'

const isHere = await isServerHere('memcached', { own: true })

const folder = mkdtempSync(join(tmpdir(), 'tiercel-memcached-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const unavailable = (message: string) =>
  expect.objectContaining({ code: 'STORAGE_UNAVAILABLE', message: expect.stringContaining(message) as string }) as Error

const storages: Storage[] = []
afterEach(async () => {
  await Promise.all(storages.splice(0).map((storage) => storage.close()))
})

function open(servers: string, options: MemcachedOptions = {}): Storage {
  const storage = memcached({ servers, ...options })
  storages.push(storage)
  return storage
}

describe.skipIf(!isHere)('memcached, when its server asks for a password,', () => {
  const passwords = join(folder, 'passwords')
  writeFileSync(passwords, 'ann:sesame\n')
  const server = useServer('memcached', { args: ['-Y', passwords] })

  test('is let in with the right one, again after a break, and refused without', async () => {
    const storage = open(server.url, { login: { user: 'ann', password: 'sesame' } })
    await storage.setMany([item('a')])
    expect(await texts(storage, 'a')).toEqual(['a'])
    for (const login of [
      { user: 'ann', password: 'wrong' },
      { user: 'bob', password: 'sesame' },
    ]) {
      await expect(open(server.url, { login }).getMany(['a'])).rejects.toEqual(unavailable('login refused'))
    }
    await expect(open(server.url).open()).rejects.toEqual(unavailable('unauthenticated'))
    await server.kill()
    await server.restart()
    await storage.getMany(['a']).catch(() => undefined)
    await storage.setMany([item('a', 'again')])
    expect(await texts(storage, 'a')).toEqual(['again'])
  })
})

describe.skipIf(!isHere)('memcached, when its server speaks TLS,', () => {
  const certificate = join(folder, 'certificate.pem')
  const key = join(folder, 'key.pem')
  const named = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const parameters = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ]
  if (isHere)
    execFileSync('openssl', [...parameters, ...named, '-keyout', key, '-out', certificate], { stdio: 'ignore' })
  const server = useServer('memcached', {
    args: ['-m', '1024', '-Z', '-o', `ssl_chain_cert=${certificate},ssl_key=${key}`],
  })

  test('reads and writes to one whose certificate it trusts, and to no other', async () => {
    const storage = open(server.url, { tls: { ca: readFileSync(certificate) } })
    await storage.setMany([item('a')])
    expect(await texts(storage, 'a')).toEqual(['a'])
    await expect(open(server.url, { tls: {} }).open()).rejects.toEqual(unavailable('self-signed certificate'))
    await expect(open(server.url, { limits: { connect: 500 } }).open()).rejects.toEqual(
      unavailable(server.url.slice(12)),
    )
  })

  test('carries values of every size, one at a time', async () => {
    const storage = open(server.url, { tls: { ca: readFileSync(certificate) } })
    for (const size of [10_000, 17_000, 100_000, 500_000]) {
      await storage.setMany([{ ...item('a'), payload: Buffer.alloc(size) }])
      const [found] = await storage.getMany(['a'])
      expect(found?.payload.length).toBe(size)
    }
  })

  test('carries values and batches of every size, also many at once', async () => {
    const storage = open(server.url, { tls: { ca: readFileSync(certificate) } })
    const calls = Array.from({ length: 20 }, async (_, call) => {
      const items = Array.from({ length: 1 + 60 * call }, (__, index) => ({
        ...item(`${call}:${index}`),
        payload: Buffer.alloc(100 + 17_000 * (index === 3 ? call : 0), `${call};${index}`),
      }))
      await storage.setMany(items)
      const found = await storage.getMany(items.map(({ key }) => key))
      return found.every((one, index) => one !== undefined && items[index]!.payload.equals(one.payload))
    })
    expect(await Promise.all(calls)).toEqual(calls.map(() => true))
  }, 60_000)
})
