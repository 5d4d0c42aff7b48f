import { assertType, describe, expectTypeOf, test } from 'vitest'
import {
  type AnyNode,
  type Cache,
  CacheError,
  type CacheNode,
  type Change,
  createCache,
  type LoadlessNode,
  memory,
  type NodeOptions,
  type Removal,
} from 'tiercel'
import { sqlite } from 'tiercel/sqlite'

interface User {
  readonly id: number
  readonly name: string
}

declare function findUser(id: number, options?: { signal: AbortSignal }): Promise<User>
declare function findUsers(ids: readonly number[]): Promise<User[]>
declare const user: User

const cache = createCache({ storages: { local: memory(), shared: sqlite({ path: 'cache.sqlite' }) } })

describe('what a node is made of tells its types', () => {
  test('key and load: params and value', () => {
    const node = cache.node({
      name: 'user',
      key: (params: { userId: number }) => `${params.userId}`,
      load: ({ userId }, { signal }) => {
        expectTypeOf(userId).toBeNumber()
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
        return findUser(userId, { signal })
      },
    })
    expectTypeOf(node).toEqualTypeOf<CacheNode<{ userId: number }, User>>()
    expectTypeOf(node.get).parameter(0).toEqualTypeOf<{ userId: number }>()
    expectTypeOf(node.get({ userId: 1 })).toEqualTypeOf<Promise<User>>()
    expectTypeOf(node.getMany([{ userId: 1 }])).toEqualTypeOf<Promise<User[]>>()
    expectTypeOf(node.peek({ userId: 1 })).toEqualTypeOf<User | undefined>()
    expectTypeOf(node.has({ userId: 1 })).toEqualTypeOf<Promise<boolean>>()
    expectTypeOf(node.refresh({ userId: 1 })).toEqualTypeOf<Promise<User>>()
    expectTypeOf(node.invalidate({ userId: 1 })).toEqualTypeOf<Promise<Removal>>()
    expectTypeOf(node.set({ userId: 1 }, user)).toEqualTypeOf<Promise<Change>>()
    expectTypeOf(node.get({ userId: 1 }, { after: 'token' })).toEqualTypeOf<Promise<User>>()
    expectTypeOf(node.keys()).toEqualTypeOf<AsyncIterable<string>>()
    // @ts-expect-error other params
    void node.get({ id: 1 })
    // @ts-expect-error no params
    void node.get()
    // @ts-expect-error another key
    void node.invalidate('1')
  })

  test('load alone', () => {
    const node = cache.node({ name: 'user', load: (id: number) => findUser(id) })
    expectTypeOf(node).toEqualTypeOf<CacheNode<number, User>>()
  })

  test('a load that answers at once', () => {
    const node = cache.node({ name: 'length', load: (text: string) => text.length })
    expectTypeOf(node).toEqualTypeOf<CacheNode<string, number>>()
  })

  test('loadMany alone', () => {
    const node = cache.node({ name: 'user', key: (id: number) => id, loadMany: (ids) => findUsers(ids) })
    expectTypeOf(node).toEqualTypeOf<CacheNode<number, User>>()
    const withHoles = cache.node({
      name: 'user',
      loadMany: (ids: readonly number[]) => ids.map((id) => (id > 0 ? user : id < 0 ? new Error('none') : undefined)),
    })
    expectTypeOf(withHoles.peek(1)).toEqualTypeOf<User | undefined>()
  })

  test('load and loadMany', () => {
    const node = cache.node({ name: 'user', load: (id: number) => findUser(id), loadMany: (ids) => findUsers(ids) })
    expectTypeOf(node).toEqualTypeOf<CacheNode<number, User>>()
  })

  test('no params at all', () => {
    const node = cache.node({ name: 'rates', load: () => Promise.resolve([1, 2]) })
    expectTypeOf(node).toEqualTypeOf<CacheNode<void, number[]>>()
    expectTypeOf(node.get()).toEqualTypeOf<Promise<number[]>>()
    expectTypeOf(node.peek()).toEqualTypeOf<number[] | undefined>()
    assertType(node.invalidate())
    assertType(node.refresh())
    // @ts-expect-error there are none
    void node.get(1)
  })

  test('a value that may be missing', () => {
    const node = cache.node({ name: 'user', load: (id: number) => (id > 0 ? user : undefined) })
    expectTypeOf(node.get(1)).toEqualTypeOf<Promise<User | undefined>>()
    expectTypeOf(node.set).parameter(1).toEqualTypeOf<User>()
    const nullable = cache.node({ name: 'user', load: (id: number) => (id > 0 ? user : null) })
    expectTypeOf(nullable.get(1)).toEqualTypeOf<Promise<User | null>>()
    expectTypeOf(nullable.set).parameter(1).toEqualTypeOf<User | null>()
  })

  test('ttl as a function of both', () => {
    const node = cache.node({
      name: 'user',
      key: (id: number) => id,
      load: (id) => findUser(id),
      ttl: (id, value) => {
        expectTypeOf(id).toBeNumber()
        expectTypeOf(value).toEqualTypeOf<User>()
        return value.name === '' ? null : '5m'
      },
    })
    expectTypeOf(node).toEqualTypeOf<CacheNode<number, User>>()
  })
})

describe('what must not compile', () => {
  test('a key and a load of different params', () => {
    // @ts-expect-error the key takes a number, the load a text
    cache.node({ name: 'user', key: (id: number) => id, load: (id: string) => id })
  })

  test('a key that is neither text nor number', () => {
    // @ts-expect-error an object is no key
    cache.node({ name: 'user', key: (id: number) => ({ id }), load: (id: number) => id })
    // @ts-expect-error what may be missing is no key
    cache.node({ name: 'user', key: (params: { id?: number }) => params.id, load: () => user })
  })

  test('a node without a name, or with an option nobody knows', () => {
    // @ts-expect-error no name
    cache.node({ load: () => user })
    // @ts-expect-error a typing mistake
    cache.node({ name: 'user', load: () => user, staleWhileRevalidation: '1m' })
  })

  test('to set nothing, or something else', () => {
    const node = cache.node({ name: 'user', load: (id: number) => findUser(id) })
    assertType(node.set(1, user))
    // @ts-expect-error undefined is no value
    void node.set(1, undefined)
    // @ts-expect-error another value
    void node.set(1, { id: 1 })
    const optional = cache.node({ name: 'user', load: (): User | undefined => user })
    // @ts-expect-error undefined is no value, even where a load may answer it
    void optional.set(undefined, undefined)
    // @ts-expect-error undefined is no value
    void cache.set('k', undefined)
  })

  test('a storage that is not there', () => {
    cache.node({ name: 'user', load: () => user, tiers: [{ storage: 'local', ttl: '30s' }, { storage: 'shared' }] })
    // @ts-expect-error no such storage
    cache.node({ name: 'user', load: () => user, tiers: [{ storage: 'redis' }] })
    // @ts-expect-error no such storage
    createCache({ storages: { local: memory() }, tiers: [{ storage: 'shared' }] })
    createCache({ storages: { local: memory() }, tiers: [{ storage: 'local' }] })
    createCache({ tiers: [{ storage: 'local' }] })
    // @ts-expect-error no such storage
    createCache().node({ name: 'user', load: () => user, tiers: [{ storage: 'shared' }] })
    // @ts-expect-error no such storage
    cache.memoize(findUser, { tiers: [{ storage: 'redis' }] })
    // @ts-expect-error a storage is something else
    createCache({ storages: { local: new Map() } })
  })

  test('a length of time without a known unit', () => {
    cache.node({ name: 'user', load: () => user, ttl: '30s', staleIfError: '1.5h', errorTtl: 250, nullTtl: '2w' })
    cache.node({ name: 'user', load: () => user, ttl: null, staleWhileRevalidate: Infinity })
    // @ts-expect-error no unit of time
    cache.node({ name: 'user', load: () => user, ttl: '5 parsecs' })
    // @ts-expect-error no unit
    cache.node({ name: 'user', load: () => user, staleIfError: '5' })
    // @ts-expect-error no number
    cache.node({ name: 'user', load: () => user, limits: { hard: 's' } })
    // @ts-expect-error no unit of time
    createCache({ ttl: '5 parsecs' })
    // @ts-expect-error no unit of time
    void cache.set('k', 1, { ttl: '1y' })
    // @ts-expect-error a ttl function answers a length of time
    cache.node({ name: 'user', load: () => user, ttl: () => 'soon' })
  })
})

describe('what one call may ask for', () => {
  const node = cache.node({ name: 'user', load: (id: number) => findUser(id) })

  test('another load, of the same types', () => {
    assertType<Promise<User>>(node.get(1, { load: (id, { signal }) => findUser(id, { signal }), maxAge: '1m' }))
    // @ts-expect-error another value
    void node.get(1, { load: () => 'Ada' })
    // @ts-expect-error other params
    void node.get(1, { load: (id: string) => ({ id: 1, name: id }) })
    // @ts-expect-error no length of time
    void node.get(1, { maxAge: 'young' })
  })

  test('of many, one that loads many', () => {
    assertType<Promise<User[]>>(
      node.getMany([1], { loadMany: (ids) => findUsers(ids), signal: new AbortController().signal }),
    )
    // @ts-expect-error another value
    void node.getMany([1], { loadMany: (ids) => ids })
  })
})

describe('a node without a load', () => {
  const node = cache.node({ name: 'user', key: (id: number) => id })
  const typed = cache.node<number, User>({ name: 'user' })

  test('knows its params, and what value it is told', () => {
    expectTypeOf(node).toEqualTypeOf<LoadlessNode<number, unknown>>()
    expectTypeOf(typed).toEqualTypeOf<LoadlessNode<number, User>>()
    expectTypeOf(typed.peek(1)).toEqualTypeOf<User | undefined>()
    assertType(typed.set(1, user))
  })

  test('needs one with each call', () => {
    expectTypeOf(typed.get(1, { load: (id) => findUser(id) })).toEqualTypeOf<Promise<User>>()
    expectTypeOf(typed.getMany([1], { loadMany: (ids) => findUsers(ids) })).toEqualTypeOf<Promise<User[]>>()
    expectTypeOf(typed.refresh(1, { load: (id) => findUser(id) })).toEqualTypeOf<Promise<User>>()
    // @ts-expect-error no load
    void typed.get(1)
    // @ts-expect-error no load among them
    void typed.get(1, { maxAge: '1m' })
    // @ts-expect-error no load
    void typed.getMany([1])
    // @ts-expect-error no load
    void typed.refresh(1)
  })
})

describe('the widest types', () => {
  test('any node is an AnyNode', () => {
    const nodes: AnyNode[] = [
      cache.node({ name: 'a', load: (id: number) => id }),
      cache.node({ name: 'b', load: () => user }),
    ]
    expectTypeOf(nodes[0]!.invalidateAll()).toEqualTypeOf<Promise<Change>>()
    expectTypeOf(cache.nodes()).toEqualTypeOf<ReadonlyMap<string, AnyNode>>()
  })

  test('any cache is a Cache', () => {
    const define = (given: Cache): CacheNode<number, User> =>
      given.node({ name: 'user', load: (id: number) => findUser(id) })
    assertType(define(cache))
    assertType(define(createCache()))
    assertType(define(createCache({ storages: { local: memory() } })))
  })

  test('a cache knows the names of its storages', () => {
    expectTypeOf(cache).toEqualTypeOf<Cache<'local' | 'shared'>>()
    expectTypeOf(createCache()).toEqualTypeOf<Cache<'local'>>()
  })

  test('a definition can be written apart', () => {
    const options: NodeOptions<number, User, 'local'> = { name: 'user', tiers: [{ storage: 'local' }] }
    expectTypeOf(cache.node({ ...options, load: (id: number) => findUser(id) })).toEqualTypeOf<
      CacheNode<number, User>
    >()
  })
})

test('an error is told apart by its code', () => {
  const error = new CacheError('CLOSED', 'closed')
  if (error.code === 'UNKEYABLE') expectTypeOf(error).toEqualTypeOf<CacheError>()
  // @ts-expect-error no such code
  assertType(error.code === 'OPEN')
})
