import { createConnection } from 'node:net'
import { describe, expect, test } from 'vitest'
import { startProxy } from './proxy.ts'
import { isServerHere, serverKinds, useServer } from './servers.ts'

for (const kind of serverKinds) {
  describe.skipIf(!(await isServerHere(kind, { own: true })))(`a ${kind} server that tests start`, () => {
    const server = useServer(kind, { own: true })

    test('takes connections, is gone when it is killed, and comes back on the same port', async () => {
      expect(await canConnect(server.port)).toBe(true)
      await server.kill()
      expect(await canConnect(server.port)).toBe(false)
      await server.restart()
      expect(await canConnect(server.port)).toBe(true)
    }, 60_000)
  })
}

describe.skipIf(!(await isServerHere('redis', { own: true })))('a server', () => {
  const server = useServer('redis', { own: true })

  test('that is frozen says nothing until it is thawed', async () => {
    server.freeze()
    const frozen = await reply(server.port, 200)
    server.thaw()
    expect([frozen, await reply(server.port, 5_000)]).toEqual(['', '+PONG\r\n'])
  })

  test('behind a proxy can be cut in the middle of a reply, swallowed and refused', async () => {
    const proxy = await startProxy(server.port)
    try {
      expect(await reply(proxy.port, 5_000)).toBe('+PONG\r\n')
      proxy.cutReplyAfter(3)
      expect(await reply(proxy.port, 5_000)).toBe('+PO')
      expect(await reply(proxy.port, 5_000)).toBe('+PONG\r\n')
      proxy.swallow()
      expect(await reply(proxy.port, 200)).toBe('')
      proxy.pass()
      expect(await reply(proxy.port, 5_000)).toBe('+PONG\r\n')
      proxy.refuse()
      expect(await reply(proxy.port, 5_000)).toBe('')
      expect(proxy.acceptedCount).toBe(6)
    } finally {
      await proxy.close()
    }
  })
})

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' }, () => resolve(socket.destroy() !== undefined))
    socket.on('error', () => resolve(false))
  })
}

/** What a PING is answered: until a whole line came, the connection ended, or the time was up. */
function reply(port: number, limit: number): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const socket = createConnection({ port, host: '127.0.0.1' }, () => socket.write('PING\r\n'))
    const finish = (): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(text)
    }
    const timer = setTimeout(finish, limit)
    socket.on('data', (chunk) => {
      text += chunk.toString()
      if (text.endsWith('\r\n')) finish()
    })
    socket.on('error', finish)
    socket.on('close', finish)
  })
}
