import { EventEmitter } from 'node:events'
import { assertType, describe, expectTypeOf, test } from 'vitest'
import {
  type Cache,
  type Changed,
  createCache,
  defineScopes,
  memory,
  type ScopeName,
  type ScopeParams,
  type ScopePath,
  type ScopeValue,
  type Selector,
  type Purged,
} from 'tiercel'

const scopes = defineScopes({
  organization: {
    param: 'orgId',
    children: { user: { param: 'userId', children: { session: { param: 'sessionId' } } } },
  },
  region: { param: 'region' },
})
type Tree = typeof scopes.tree

const cache = createCache({ storages: { local: memory() }, scopes })

interface User {
  readonly id: number
  readonly team: string
}

declare function findUser(id: number): Promise<User>

describe('scopes', () => {
  test('have names, params and paths, by level', () => {
    expectTypeOf<ScopeName<Tree>>().toEqualTypeOf<'organization' | 'user' | 'session' | 'region'>()
    assertType<ScopeParams<Tree, 'user'>>({ orgId: 1, userId: 'u' })
    assertType<ScopeParams<Tree, 'region'>>({ region: 'r' })
    // @ts-expect-error the organization is missing
    assertType<ScopeParams<Tree, 'user'>>({ userId: 'u' })
    expectTypeOf<ScopeParams<Tree, 'organization'>>().toEqualTypeOf<{ readonly orgId: ScopeValue }>()
    assertType<ScopePath<Tree>>({ organization: 'o' })
    assertType<ScopePath<Tree>>({ organization: 'o', user: 'u', session: 's' })
    // @ts-expect-error a level without those above it
    assertType<ScopePath<Tree>>({ user: 'u' })
    // @ts-expect-error a level that there is not
    assertType<ScopePath<Tree>>({ organisation: 'o' })
  })

  test('belong to the type of the cache', () => {
    expectTypeOf(cache).toEqualTypeOf<Cache<'local', Tree>>()
  })

  test('are given by the params of a node, or by a function', () => {
    const load = (params: { orgId: string; userId: number; page: number }): Promise<User> => findUser(params.page)
    const node = cache.node({ name: 'a', scope: 'user', load })
    expectTypeOf(node.$types.value).toEqualTypeOf<User>()
    cache.node({ name: 'b', scope: 'organization', load })
    cache.node({ name: 'c', scope: 'global', load })
    // @ts-expect-error the params lack the session
    cache.node({ name: 'd', scope: 'session', load })
    // @ts-expect-error no such level
    cache.node({ name: 'e', scope: 'users', load })
    // @ts-expect-error an object is no value of a level
    cache.node({ name: 'f', scope: 'region', load: (params: { region: object }) => params })
    cache.node({ name: 'g', scope: 'region', load: findUser, scopeParams: (id) => ({ region: id % 2 }) })
    // @ts-expect-error the function forgets the user
    cache.node({ name: 'h', scope: 'user', load: findUser, scopeParams: () => ({ orgId: 1 }) })
    // @ts-expect-error an id has no params by name
    cache.node({ name: 'i', scope: 'user', load: findUser })
  })

  test('of a function are told by its arguments', () => {
    const profile = (userId: string, orgId: string): Promise<string> => Promise.resolve(userId + orgId)
    const cached = cache.memoize(profile, {
      name: 'profile',
      scope: 'user',
      scopeParams: (userId, orgId) => ({ orgId, userId }),
    })
    expectTypeOf(cached('u', 'o')).toEqualTypeOf<Promise<string>>()
    // @ts-expect-error the scope is nowhere to be found
    cache.memoize(profile, { scope: 'user' })
  })

  test('of plain calls and selectors name the levels', () => {
    const scope = { organization: 'o', user: 'u' }
    void cache.get('k', { scope })
    void cache.set('k', 1, { scope, tags: ['t'] })
    void cache.getOrLoad('k', () => 1, { scope: 'global' })
    void cache.invalidate({ scope })
    // @ts-expect-error a level without those above it
    void cache.get('k', { scope: { user: 'u' } })
    // @ts-expect-error no such level
    void cache.purge({ scope: { tenant: 'o' } })
    // @ts-expect-error this cache has no scopes
    void createCache().invalidate({ scope })
  })
})

describe('tags', () => {
  test('are a list, or made from params and value, which are inferred', () => {
    cache.node({ name: 'a', load: findUser, tags: ['users'] })
    cache.node({
      name: 'b',
      load: findUser,
      tags: (id, user) => {
        expectTypeOf(id).toEqualTypeOf<number>()
        expectTypeOf(user).toEqualTypeOf<User>()
        return [`team:${user.team}`]
      },
    })
    cache.memoize(findUser, {
      tags: ([id], user) => {
        expectTypeOf(id).toEqualTypeOf<number>()
        return [user.team]
      },
    })
    // @ts-expect-error tags are texts
    cache.node({ name: 'c', load: findUser, tags: [7] })
    // @ts-expect-error a list, not one
    cache.node({ name: 'd', load: findUser, tags: (id) => `user:${id}` })
  })
})

describe('selectors', () => {
  test('name what is meant, and are answered by what was done', () => {
    const node = cache.node({ name: 'a', load: findUser })
    expectTypeOf(cache.invalidate({ tags: ['t'], keys: ['k'], pattern: '*', node })).toEqualTypeOf<Promise<Changed>>()
    expectTypeOf(cache.purge({ node: 'a' })).toEqualTypeOf<Promise<Purged>>()
    expectTypeOf(cache.find({ scope: 'global' })).toEqualTypeOf<AsyncIterable<string>>()
    // @ts-expect-error no such part
    void cache.invalidate({ tag: 't' })
    // @ts-expect-error a list, not one
    void cache.invalidate({ tags: 't' })
  })

  test('come from events, whose items the function names', () => {
    const emitter = new EventEmitter()
    cache.invalidateOn(emitter, (id: number): Selector<Tree> => ({ tags: [`${id}`] }), { event: 'changed' })
    cache.invalidateOn(new EventTarget(), () => undefined, { event: 'changed' })
    async function* changes(): AsyncGenerator<{ readonly id: number }> {}
    cache.invalidateOn(changes(), (change) => {
      expectTypeOf(change.id).toEqualTypeOf<number>()
      return [{ keys: [`user:${change.id}`] }]
    })
    const node = cache.node({ name: 'a', load: findUser })
    node.invalidateOn(changes(), ({ id }) => id)
    // @ts-expect-error its params are numbers
    node.invalidateOn(changes(), ({ id }) => `${id}`)
  })
})
