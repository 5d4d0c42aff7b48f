import { afterEach, expect, test } from 'vitest'
import type { Storage } from '../../../src/contracts/storage.ts'
import { memcached, type MemcachedOptions } from 'tiercel/memcached'
import { texts } from '../items.ts'
import { fakeServer, greeting, type FakeServer } from './fake-server.ts'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()))
})

async function fake(answer: Parameters<typeof fakeServer>[0]): Promise<FakeServer> {
  const server = await fakeServer(answer)
  opened.unshift(server)
  return server
}

function storageOn({ address }: FakeServer, options: MemcachedOptions = {}): Storage {
  const storage = memcached({ servers: address, limits: { connect: 300, answer: 100 }, ...options })
  opened.unshift(storage)
  return storage
}

function failsWith(code: string, message: string): unknown {
  return expect.objectContaining({ code, message: expect.stringContaining(message) as string })
}

test('a server that is no memcached is told from one', async () => {
  const server = await fake((line) => `-ERR unknown command '${line}'\r\n`)
  await expect(storageOn(server).open()).rejects.toThrow(failsWith('STORAGE_UNAVAILABLE', 'it says "-ERR unknown'))
})

test('a memcached that is too old is refused, with the version it takes', async () => {
  const server = await fake((line) => (line === 'version' ? 'VERSION 1.5.22\r\n' : 'ERROR\r\n'))
  await expect(storageOn(server).getMany(['a'])).rejects.toThrow(failsWith('UNSUPPORTED', '1.5.22: 1.6.10 or later'))
})

test('a server at its limit of connections is down', async () => {
  const server = await fake((_, socket) => {
    socket.end('ERROR Too many open connections\r\n')
    return undefined
  })
  await expect(storageOn(server).open()).rejects.toThrow(failsWith('STORAGE_UNAVAILABLE', 'Too many open connections'))
})

test('a server that takes the connection and says nothing is given up in time', async () => {
  const server = await fake(() => undefined)
  const begun = performance.now()
  const storage = storageOn(server, { limits: { connect: 200, answer: '10s' } })
  await expect(storage.open()).rejects.toThrow(failsWith('STORAGE_UNAVAILABLE', 'no connection within 200 ms'))
  expect(performance.now() - begun).toBeLessThan(2_000)
})

test('a server that does not even greet over TLS is given up in time', async () => {
  const server = await fake(() => undefined)
  const storage = storageOn(server, { tls: {}, limits: { connect: 200, answer: '10s' } })
  await expect(storage.open()).rejects.toThrow(failsWith('STORAGE_UNAVAILABLE', 'no connection within 200 ms'))
})

test('a server that falls silent is given up, with everybody who waits; the next is served by a new connection', async () => {
  let isSilent = true
  const server = await fake((line) => greeting(line) ?? (isSilent ? undefined : line === 'mn' ? 'MN\r\n' : undefined))
  const storage = storageOn(server)
  const reads = await Promise.allSettled([storage.getMany(['a']), storage.getMany(['b'])])
  for (const read of reads) {
    expect(read).toMatchObject({ reason: failsWith('STORAGE_UNAVAILABLE', 'no answer for 100 ms') })
  }
  isSilent = false
  expect(await texts(storage, 'a')).toEqual([undefined])
  expect(server.acceptedCount).toBe(2)
})

test.each([
  ['to another question', 'HD O17\r\nMN\r\n'],
  ['twice', 'HD O0\r\nHD O0\r\nMN\r\n'],
  ['in another order', 'HD c1 O1\r\nHD O0\r\nMN\r\n'],
  ['with something else', 'STORED\r\n'],
  ['with an error about nobody’s command', 'SERVER_ERROR out of memory writing get response\r\nMN\r\n'],
  ['with nothing that makes sense', '\0\0\0\r\n'],
])('a server that answers %s is not believed any more', async (_, answer) => {
  const server = await fake((line) => greeting(line) ?? (line === 'mn' ? answer : undefined))
  const storage = storageOn(server)
  await expect(storage.getMany(['a'])).rejects.toThrow(failsWith('STORAGE_UNAVAILABLE', 'not an answer of memcached'))
})

test('an answer that nobody has asked for ends the connection, before it can be taken for the next', async () => {
  const server = await fake((line) => greeting(line) ?? (line === 'mn' ? 'MN\r\nHD c1 O0\r\n' : undefined))
  const storage = storageOn(server)
  expect(await texts(storage, 'a')).toEqual([undefined])
  expect(await texts(storage, 'a')).toEqual([undefined])
  expect(server.acceptedCount).toBe(2)
})

test('a command that is passed over is not taken for done', async () => {
  const root = JSON.stringify({ generation: 1, sequence: 0, clears: [] })
  const server = await fake((line) => {
    if (line.startsWith('mg tc!root v')) return `VA ${root.length} f1413677058 c1 O0\r\n${root}\r\n`
    return greeting(line) ?? (line === 'mn' ? 'MN\r\n' : undefined)
  })
  const item = { key: 'a', header: Buffer.from('h'), payload: Buffer.from('p') }
  await expect(storageOn(server).setMany([item])).rejects.toThrow(
    failsWith('STORAGE_UNAVAILABLE', 'a command without an answer'),
  )
})

test('a server that hangs up each time is not stormed', async () => {
  const server = await fake((line, socket) => {
    if (line.startsWith('mg')) socket.destroy()
    return greeting(line)
  })
  const storage = storageOn(server)
  const end = performance.now() + 1_000
  let failures = 0
  while (performance.now() < end) {
    await Promise.allSettled(Array.from({ length: 20 }, () => storage.getMany(['a'])))
    failures++
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  expect(failures).toBeGreaterThan(50)
  // At once, then after 50, 100, 200, 400 ms, and each pause may be shorter by half.
  expect(server.acceptedCount).toBeGreaterThan(2)
  expect(server.acceptedCount).toBeLessThan(10)
})

test('a login is sent first, and a refused one said', async () => {
  const lines: string[] = []
  const server = await fake((line) => {
    lines.push(line)
    if (line === 'ann sesame') return 'STORED\r\n'
    if (line === 'ann wrong') return 'CLIENT_ERROR authentication failure\r\n'
    return greeting(line)
  })
  await storageOn(server, { login: { user: 'ann', password: 'sesame' } }).open()
  expect(lines.slice(0, 3)).toEqual(['set login 0 0 10', 'ann sesame', 'version'])
  const wrong = storageOn(server, { login: { user: 'ann', password: 'wrong' } })
  await expect(wrong.open()).rejects.toThrow(failsWith('STORAGE_UNAVAILABLE', 'login refused'))
})
