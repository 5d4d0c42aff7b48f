import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { openStorage } from 'tiercel'
import { isServerHere, serverKinds, useServer } from '../servers/servers.ts'
import { item, texts } from '../storages/items.ts'

for (const kind of serverKinds) {
  describe.skipIf(!(await isServerHere(kind)))(`the URL of a ${kind} server`, () => {
    const server = useServer(kind)

    test('opens it, with options from both places', async () => {
      const cluster = server.url.includes('cluster=true') ? '' : '&cluster=true'
      const query = `limits.connect=3s${kind === 'redis-cluster' ? cluster : '&poolSize=2'}`
      const url: string = server.url + (server.url.includes('?') ? '&' : '?') + query
      const storage = await openStorage(url)
      if (storage.kind === 'private') throw new Error('memory')
      const key = `open-storage:${randomUUID()}`
      try {
        expect(storage.type).toBe(kind)
        await storage.setMany([item(key, 'text', 60_000)])
        expect(await texts(storage, key)).toEqual(['text'])
        await storage.deleteMany([key])
      } finally {
        await storage.close()
      }
    })
  })
}
