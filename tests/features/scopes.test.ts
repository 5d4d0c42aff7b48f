import { describe, expect, test } from 'vitest'
import { type Cache, createCache, defineScopes } from 'tiercel'
import { countingSource, type ReachPlace, reachPlaces, reachScene } from './reach-scenes.ts'
import { operationsOf, soon } from './scene.ts'

const scopes = defineScopes({
  organization: {
    param: 'orgId',
    children: { user: { param: 'userId', children: { session: { param: 'sessionId' } } } },
  },
  region: { param: 'region' },
})

interface Params {
  readonly orgId: string
  readonly userId: string
  readonly page: number
}

const places = reachPlaces.map((place) => [place] as const)

function scoped(place: ReachPlace) {
  const scene = reachScene(place, { scopes })
  const source = countingSource()
  const define = (cache: typeof scene.cache) =>
    cache.node({ name: 'page', scope: 'user', key: ({ page }: Params) => page, load: source.load, ttl: '1h' })
  return { ...scene, source, page: define(scene.cache), define }
}

const of = (orgId: string, userId: string, page = 1): Params => ({ orgId, userId, page })

describe.each(places)('scopes, in %s', (place) => {
  test('entries of one scope are not those of another, whatever their key', async () => {
    const { clock, page } = scoped(place)
    const list = [of('o1', 'u1'), of('o1', 'u2'), of('o2', 'u1'), of('o1', 'u1', 2)]
    expect(await soon(clock, page.getMany(list))).toEqual([1, 2, 3, 4])
    await clock.advance(0)
    expect(await soon(clock, page.getMany(list))).toEqual([1, 2, 3, 4])
  })

  test('invalidating a level reaches it and all below, and nothing else', async () => {
    const { clock, cache, page } = scoped(place)
    const list = [of('o1', 'u1'), of('o1', 'u2'), of('o2', 'u1')]
    const present = () => soon(clock, Promise.all(list.map((params) => page.has(params))))
    await soon(clock, page.getMany(list))
    await clock.advance(0)
    await soon(clock, cache.invalidate({ scope: { organization: 'o1', user: 'u2' } }))
    expect(await present()).toEqual([true, false, true])
    await soon(clock, cache.invalidate({ scope: { organization: 'o1' } }))
    expect(await present()).toEqual([false, false, true])
    await soon(clock, cache.invalidate({ scope: { region: 'o2' } }))
    expect(await present()).toEqual([false, false, true])
    await soon(clock, cache.invalidate({ scope: 'global' }))
    expect(await present()).toEqual([false, false, false])
  })

  test('DEFECTS 10: a load overtaken by an invalidation of its scope answers its caller and writes nothing', async () => {
    for (const scope of [{ organization: 'o1' }, { organization: 'o1', user: 'u1' }]) {
      const { clock, cache, page, source } = scoped(place)
      const letGo = source.hold()
      const early = page.get(of('o1', 'u1'))
      await clock.advance(0)
      await soon(clock, cache.invalidate({ scope }))
      letGo()
      expect(await soon(clock, early)).toBe(1)
      await clock.advance(0)
      expect(await soon(clock, page.has(of('o1', 'u1')))).toBe(false)
      expect(page.stats().refusedWrites.fence).toBe(1)
    }
  })

  test('an invalidation in one process reaches another', async () => {
    const { clock, page, another, define } = scoped(place)
    const other = another()
    const theirs = other === undefined || place === 'memory' ? page : define(other)
    await soon(clock, page.get(of('o1', 'u1')))
    await soon(clock, theirs.get(of('o1', 'u1')))
    await clock.advance(0)
    await soon(clock, other.invalidate({ scope: { organization: 'o1' } }))
    await clock.advance(31_000)
    expect(await soon(clock, theirs.has(of('o1', 'u1')))).toBe(false)
    expect(await soon(clock, page.has(of('o1', 'u1')))).toBe(false)
  })

  test('what is expired by scope is served while it reloads', async () => {
    const { clock, cache } = reachScene(place, { scopes })
    const source = countingSource()
    const node = cache.node({
      name: 'n',
      scope: 'organization',
      key: (params: { orgId: number }) => `k of ${params.orgId}`,
      load: source.load,
      staleWhileRevalidate: '1m',
    })
    await soon(clock, node.get({ orgId: 1 }))
    await clock.advance(0)
    await soon(clock, cache.expire({ scope: { organization: 1 } }))
    expect(await soon(clock, node.get({ orgId: 1 }))).toBe(1)
    await clock.advance(0)
    expect(await soon(clock, node.get({ orgId: 1 }))).toBe(2)
  })

  test('DEFECTS 19: no value escapes its scope or forges another', async () => {
    const { clock, cache, page } = scoped(place)
    const values = [
      'o1',
      'o1:~user=u1',
      'u2',
      'u1:~user=u2',
      'o1:',
      ':',
      '~',
      '%3A',
      'o1%3A',
      '*',
      '',
      '#',
      '=',
      '\0',
      'ö',
      'x'.repeat(65),
      `${'x'.repeat(64)}y`,
      '💥'.repeat(40),
    ]
    const list = values.flatMap((orgId) => values.map((userId) => of(orgId, userId)))
    const loaded = await soon(clock, page.getMany(list))
    expect(new Set(loaded).size).toBe(list.length)
    await clock.advance(0)
    for (const organization of ['o1', 'o1:~user=u1', '*', '', '%3A', 'x'.repeat(65)]) {
      await soon(clock, cache.invalidate({ scope: { organization } }))
      const present = await soon(clock, Promise.all(list.map((params) => page.has(params))))
      const wrong = list.filter(({ orgId }, index) => present[index] === (orgId === organization))
      expect(wrong).toEqual([])
      await soon(clock, page.getMany(list))
      await clock.advance(0)
    }
  })

  test('entries without a node can be in a scope too', async () => {
    const { clock, cache } = reachScene(place, { scopes })
    const scope = { organization: 'o1', user: 'u7' }
    await soon(clock, cache.set('theme', 'dark', { scope }))
    await soon(clock, cache.set('theme', 'light'))
    await soon(clock, cache.set('theme', 'grey', { scope: { organization: 'o1' }, tags: ['t'] }))
    expect(await soon(clock, cache.get('theme', { scope }))).toBe('dark')
    expect(await soon(clock, cache.get('theme'))).toBe('light')
    expect(
      await soon(
        clock,
        cache.getOrLoad('theme', () => 'none', { scope: { organization: 'o1' } }),
      ),
    ).toBe('grey')
    expect(await soon(clock, cache.delete('theme', { scope }))).toMatchObject({ existed: true })
    expect(await soon(clock, cache.has('theme', { scope }))).toBe(false)
    await soon(clock, cache.clear({ scope: { organization: 'o1' } }))
    expect(await soon(clock, cache.get('theme', { scope: { organization: 'o1' } }))).toBeUndefined()
    expect(await soon(clock, cache.get('theme'))).toBe('light')
  })

  test('purge deletes what is in a scope and says how much that was', async () => {
    const { clock, cache, page, server } = scoped(place)
    await soon(clock, page.getMany([of('o1', 'u1'), of('o1', 'u2'), of('o1', 'u2', 2), of('o2', 'u1')]))
    await soon(clock, cache.set('k', 1, { scope: { organization: 'o1' } }))
    await clock.advance(0)
    expect(await soon(clock, cache.purge({ scope: { organization: 'o1', user: 'u2' } }))).toMatchObject({
      entryCount: 2,
    })
    expect(await soon(clock, cache.purge({ scope: { organization: 'o1' } }))).toMatchObject({ entryCount: 2 })
    expect(await soon(clock, page.has(of('o2', 'u1')))).toBe(true)
    const left: string[] = []
    if (server !== undefined) for await (const keys of server.capabilities.scan.keys('tiercel:~')) left.push(...keys)
    expect(left).toEqual(server === undefined ? [] : ['tiercel:~organization=o2:~user=u1:page:1'])
  })

  test('a node lists and invalidates its entries in whichever scope they are', async () => {
    const { clock, cache, page } = scoped(place)
    const other = cache.node({ name: 'other', scope: 'user', key: ({ page: key }: Params) => key, load: () => 0 })
    await soon(clock, page.getMany([of('o1', 'u1', 1), of('o2', 'u2', 2)]))
    await soon(clock, other.get(of('o1', 'u1', 3)))
    await clock.advance(0)
    const keys: string[] = []
    for await (const key of page.keys()) keys.push(key)
    expect(keys.sort()).toEqual(['1', '2'])
    await soon(clock, page.invalidateAll())
    expect(await soon(clock, page.has(of('o1', 'u1', 1)))).toBe(false)
    expect(await soon(clock, other.has(of('o1', 'u1', 3)))).toBe(true)
    await soon(clock, cache.invalidate({ node: other }))
    expect(await soon(clock, other.has(of('o1', 'u1', 3)))).toBe(false)
  })

  test('a memoized function says where its scope is', async () => {
    const { clock, cache } = reachScene(place, { scopes })
    let calls = 0
    const profile = cache.memoize(async (_userId: string, _orgId: string) => ++calls, {
      name: 'profile',
      scope: 'user',
      scopeParams: (userId, orgId) => ({ orgId, userId }),
    })
    await soon(clock, profile('u1', 'o1'))
    await clock.advance(0)
    await soon(clock, cache.invalidate({ scope: { organization: 'u1' } }))
    expect(await soon(clock, profile('u1', 'o1'))).toBe(1)
    await soon(clock, cache.invalidate({ scope: { organization: 'o1' } }))
    expect(await soon(clock, profile('u1', 'o1'))).toBe(2)
  })

  test('a memoized method may have its scope in its instance', async () => {
    const { clock, cache } = reachScene(place, { scopes })
    let calls = 0
    class Account {
      readonly owner: string

      constructor(owner: string) {
        this.owner = owner
      }

      @cache.memoized({
        name: 'balance',
        self: 'class',
        scope: 'organization',
        scopeParams(this: Account) {
          return { orgId: this.owner }
        },
      })
      async balance(_currency: string): Promise<number> {
        return ++calls
      }
    }
    const [one, two] = [new Account('o1'), new Account('o2')]
    expect(await soon(clock, Promise.all([one.balance('EUR'), two.balance('EUR')]))).toEqual([1, 2])
    await clock.advance(0)
    await soon(clock, cache.invalidate({ scope: { organization: 'o1' } }))
    expect(await soon(clock, Promise.all([one.balance('EUR'), two.balance('EUR')]))).toEqual([3, 2])
  })

  test('a missing or nonsensical param is an error that names it, and nothing is cached under it', async () => {
    const { clock, page, source } = scoped(place)
    for (const orgId of [undefined, null, {}, NaN, true]) {
      const params = { orgId, userId: 'u1', page: 1 } as unknown as Params
      await expect(soon(clock, page.get(params))).rejects.toThrow(/^node 'page': scope 'organization' needs 'orgId'/)
      expect(() => page.peek(params)).toThrow(/'orgId'/)
    }
    await expect(soon(clock, page.get(7 as unknown as Params))).rejects.toThrow(/'orgId'/)
    expect(source.count()).toBe(0)
  })

  test('1 and "1" are the same value of a level', async () => {
    const { clock, cache, page } = scoped(place)
    await soon(clock, page.get(of('1', 'u1')))
    await clock.advance(0)
    await soon(clock, cache.invalidate({ scope: { organization: 1 } }))
    expect(await soon(clock, page.has(of('1', 'u1')))).toBe(false)
  })
})

test('invalidating a scope takes one command', async () => {
  const { clock, cache, page, shared } = scoped('a shared storage')
  await soon(clock, page.get(of('o1', 'u1')))
  await clock.advance(0)
  operationsOf(shared!)
  await soon(clock, cache.invalidate({ scope: { organization: 'o1' } }))
  expect(operationsOf(shared!)).toEqual(['changeMany'])
})

test('a selected scope names its levels on one way from the root', async () => {
  const cache: Cache<string, typeof scopes.tree> = createCache({ scopes })
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [{ user: 'u1' }, /'organization': expected a string or a number, got undefined/],
    [{ organization: 'o1', region: 'r' }, /levels on one way/],
    [{ organisation: 'o1' }, /a level \(organization, user, session, region, global\), got "organisation"/],
    [{}, /a level and its value/],
    ['everything', /./],
    [{ organization: ['o1'] }, /'organization': expected a string or a number, got a list/],
  ]
  for (const [scope, message] of wrong) {
    const selector = { scope: scope as { organization: string } }
    await expect(cache.invalidate(selector), JSON.stringify(scope)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(cache.invalidate(selector)).rejects.toThrow(message)
    await expect(cache.get('k', selector)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  }
})

test('scopes that make no sense are refused where they are defined', () => {
  expect(() => defineScopes({ a: { param: 'a', children: { a: { param: 'b' } } } })).toThrow(/no other level has/)
  expect(() => defineScopes({ a: { param: 'a' }, b: { param: 'b', children: { a: { param: 'c' } } } })).toThrow(/b\.a/)
  expect(() => defineScopes({ global: { param: 'x' } })).toThrow(/global/)
  expect(() => defineScopes({ a: { param: '' } })).toThrow(/a\.param/)
  expect(() => defineScopes({ a: {} as { param: string } })).toThrow(/a\.param/)
  const cache = createCache({ scopes })
  expect(() =>
    cache.node({ name: 'n', load: () => 1, scope: 'users' as 'user', scopeParams: () => ({ orgId: 1, userId: 1 }) }),
  ).toThrow(/a level \(organization, user, session, region, global\), got "users"/)
  expect(() => cache.node({ name: 'n', load: () => 1, scopeParams: () => ({}) })).toThrow(/a scope beside it/)
})
