import { readFile } from 'node:fs/promises'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Cache, type CacheNode, createCache, memory } from 'tiercel'
import { postgres } from 'tiercel/postgres'
import { followUsers } from '../../examples/postgres-notify/follow-users.ts'
import { type Proxy, startProxy } from '../servers/proxy.ts'
import { isServerHere, useServer } from '../servers/servers.ts'
import { eventually } from './coherent-fleet.ts'

const limit = 30_000

describe.skipIf(!(await isServerHere('postgres', { own: true })))('over Postgres', () => {
  const server = useServer('postgres', { own: true })
  const ends: (() => Promise<unknown>)[] = []
  let client: Client
  let number = 0

  beforeEach(async () => {
    number++
    client = await connect(server.url)
    await client.query('DROP TABLE IF EXISTS users; DROP FUNCTION IF EXISTS tell_of_users')
    await client.query('CREATE TABLE users (id int PRIMARY KEY, name text)')
    await client.query("INSERT INTO users VALUES (1, 'Ada'), (2, 'Bob')")
  }, limit)
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  async function connect(url: string): Promise<Client> {
    const made = new Client({ connectionString: url })
    // Cut connections are part of the tests.
    made.on('error', () => {})
    await made.connect()
    ends.push(() => made.end().catch(() => {}))
    return made
  }

  /** A process: memory above the same table of entries, and no feed between them. */
  async function startProcess(): Promise<{
    cache: Cache<'local' | 'shared'>
    user: CacheNode<{ id: number }, string>
  }> {
    const source = await connect(server.url)
    const cache = createCache({
      storages: { local: memory(), shared: postgres({ url: server.url, table: `entries${number}`, feed: 'none' }) },
      tiers: [{ storage: 'local', ttl: '1h' }, { storage: 'shared' }],
    })
    ends.push(() => cache.close())
    const user = cache.node({
      name: 'user',
      key: ({ id }: { id: number }) => id,
      load: async ({ id }) => {
        const { rows } = await source.query<{ name: string }>('SELECT name FROM users WHERE id = $1', [id])
        return rows[0]!.name
      },
    })
    return { cache, user }
  }

  const rename = (name: string, by: Client = client): Promise<unknown> =>
    by.query('UPDATE users SET name = $1 WHERE id = 1', [name])

  async function proxied(): Promise<{ readonly proxy: Proxy; readonly through: Client }> {
    const proxy = await startProxy(server.port)
    ends.push(() => proxy.close())
    return { proxy, through: await connect(server.url.replace(`:${server.port}`, `:${proxy.port}`)) }
  }

  test(
    'a token reaches another process, which then answers with what was committed',
    async () => {
      const [ours, theirs] = [await startProcess(), await startProcess()]
      expect([await ours.user.get({ id: 1 }), await theirs.user.get({ id: 1 })]).toEqual(['Ada', 'Ada'])
      const { changed } = await ours.cache.invalidateAfterCommit(client, async (later) => {
        await rename('Grace')
        later.invalidate(ours.user, { id: 1 })
      })
      expect(await theirs.user.get({ id: 1 })).toBe('Ada')
      expect(await theirs.user.get({ id: 1 }, { after: changed.token })).toBe('Grace')
      expect(await ours.user.get({ id: 1 })).toBe('Grace')
    },
    limit,
  )

  test(
    'what others load between the change and its commit is gone after it',
    async () => {
      const { cache, user } = await startProcess()
      await cache.invalidateAfterCommit(client, async (later) => {
        await rename('Grace')
        later.invalidate(user, { id: 1 })
        expect(await user.get({ id: 1 })).toBe('Ada')
      })
      expect(await user.get({ id: 1 })).toBe('Grace')
    },
    limit,
  )

  test(
    'a rollback leaves entries as they are',
    async () => {
      const { cache, user } = await startProcess()
      await user.get({ id: 1 })
      const work = cache.invalidateAfterCommit(client, async (later) => {
        await rename('Grace')
        later.invalidate(user, { id: 1 })
        throw new Error('on second thoughts')
      })
      await expect(work).rejects.toThrow('on second thoughts')
      expect(user.peek({ id: 1 })).toBe('Ada')
      expect((await client.query('SELECT name FROM users WHERE id = 1')).rows).toEqual([{ name: 'Ada' }])
    },
    limit,
  )

  test(
    'a failed statement that the work has hidden makes its COMMIT an error',
    async () => {
      const { cache, user } = await startProcess()
      await user.get({ id: 1 })
      const work = cache.invalidateAfterCommit(client, async (later) => {
        later.invalidate(user, { id: 1 })
        await client.query('SELECT nonsense').catch(() => {})
      })
      await expect(work).rejects.toThrow('rolled back at its COMMIT')
      expect(user.peek({ id: 1 })).toBe('Ada')
    },
    limit,
  )

  test(
    'a connection lost before the COMMIT is a rollback',
    async () => {
      const { cache, user } = await startProcess()
      await user.get({ id: 1 })
      const { proxy, through } = await proxied()
      const work = cache.invalidateAfterCommit(through, async (later) => {
        later.invalidate(user, { id: 1 })
        proxy.cutAll()
        await rename('Grace', through)
      })
      await expect(work).rejects.toThrow(/terminated|ECONNRESET/)
      expect(user.peek({ id: 1 })).toBe('Ada')
    },
    limit,
  )

  test(
    'a connection lost at the COMMIT, which was carried out, invalidates',
    async () => {
      const { cache, user } = await startProcess()
      await user.get({ id: 1 })
      const { proxy, through } = await proxied()
      const work = cache.invalidateAfterCommit(through, async (later) => {
        later.invalidate(user, { id: 1 })
        await rename('Grace', through)
        // Of the answer to the COMMIT one byte arrives.
        proxy.cutReplyAfter(1)
      })
      await expect(work).rejects.toThrow(/terminated|ECONNRESET/)
      expect(await user.get({ id: 1 })).toBe('Grace')
    },
    limit,
  )

  test(
    'a trigger tells of changes that anybody makes, when they are committed',
    async () => {
      const { user } = await startProcess()
      await client.query(await readFile(new URL('../../examples/postgres-notify/users.sql', import.meta.url), 'utf8'))
      const off = await followUsers(await connect(server.url), user)
      const names = (): (string | undefined)[] => [user.peek({ id: 1 }), user.peek({ id: 2 })]
      await user.getMany([{ id: 1 }, { id: 2 }])

      const other = await connect(server.url)
      await other.query('BEGIN')
      await rename('Grace', other)
      await other.query('ROLLBACK')
      await other.query("SELECT pg_notify('another_channel', '2')")
      await rename('Grace')
      await eventually(async () => expect(names()).toEqual([undefined, 'Bob']))
      expect(await user.get({ id: 1 })).toBe('Grace')

      await client.query('DELETE FROM users WHERE id = 2')
      await eventually(async () => expect(names()).toEqual(['Grace', undefined]))
      off()
    },
    limit,
  )
})
