import { expect, test } from 'vitest'
import { operationsOf, scene, soon, storedIn } from './scene.ts'

const unavailable = { code: 'STORAGE_UNAVAILABLE' }

/** A node whose loads say how many there have been. */
function countingNode({ cache }: Pick<ReturnType<typeof scene>, 'cache'>, tags?: () => string[]) {
  let loads = 0
  return cache.node<string, string>({
    name: 'n',
    key: (id) => id,
    load: (id) => `${id} ${++loads}`,
    staleIfError: '1h',
    ...(tags && { tags }),
  })
}

test('DEFECTS 37: an invalidation that the server does not confirm rejects, and holds here at once', async () => {
  const ours = scene()
  const { clock, shared, server, cache } = ours
  const node = countingNode(ours)
  await soon(clock, node.get('a'))
  shared.fail('deleteMany')
  await expect(soon(clock, node.invalidate('a'))).rejects.toMatchObject(unavailable)
  expect(await storedIn(server, 'tiercel:n:a')).toBe('a 1')
  expect(cache.sync()['shared']).toMatchObject({ owedCount: 1 })
  operationsOf(shared)
  expect(await soon(clock, node.get('a'))).toBe('a 2')
  // It was told again first, and not asked for anything when that failed.
  expect(new Set(operationsOf(shared))).toEqual(new Set(['deleteMany']))
  expect(node.peek('a')).toBe('a 2')
})

test('it is made up for before the server is asked for anything again', async () => {
  const ours = scene()
  const { clock, shared, cache } = ours
  const node = countingNode(ours)
  const story: unknown[] = []
  cache.on('settled', (event) => story.push(event))
  await soon(clock, node.get('a'))
  shared.fail('deleteMany', { times: 1 })
  await expect(soon(clock, node.invalidate('a'))).rejects.toMatchObject(unavailable)
  operationsOf(shared)
  expect(await soon(clock, node.get('a'))).toBe('a 2')
  expect(operationsOf(shared)).toEqual(['deleteMany', 'getMany', 'claimMany', 'fulfilMany'])
  expect(story).toEqual([{ storage: 'shared', keyCount: 1, headCount: 0 }])
  expect(cache.sync()['shared']).toMatchObject({ owedCount: 0 })
})

test('nobody has to ask for it: other processes see the change when the server is back', async () => {
  const ours = scene()
  const { clock, shared } = ours
  const other = countingNode(ours.another({ copyTtl: 1 }))
  const node = countingNode(ours)
  await soon(clock, node.get('a'))
  shared.fail('deleteMany')
  await expect(soon(clock, node.invalidate('a'))).rejects.toMatchObject(unavailable)
  await clock.advance(3_000)
  expect(await soon(clock, other.get('a'))).toBe('a 1')
  shared.heal()
  await clock.advance(5_000)
  expect(await soon(clock, other.get('a'))).toBe('a 1')
  expect(other.stats().loadCount).toBe(1)
})

test('a set that timed out is made up for by a delete: what was set since by others is at worst loaded again', async () => {
  const ours = scene()
  const { clock, shared, server } = ours
  const node = countingNode(ours)
  shared.hang('setMany', { times: 1 })
  const setting = expect(node.set('a', 'late')).rejects.toMatchObject(unavailable)
  await clock.advance(1_000)
  await setting
  // Carried out after all, when nobody waits for it any more.
  shared.heal('setMany')
  await clock.advance(10)
  expect(await storedIn(server, 'tiercel:n:a')).toBe('late')
  expect(await soon(clock, node.get('a'))).toBe('a 1')
  expect(await storedIn(server, 'tiercel:n:a')).toBe('a 1')
})

test('a set that can’t be confirmed leaves nothing old to be served on an error', async () => {
  const ours = scene()
  const { clock, shared } = ours
  let fails = false
  const node = ours.cache.node<string, string>({
    name: 'n',
    key: (id) => id,
    load: () => {
      if (fails) throw new Error('the source failed')
      return 'old'
    },
    staleIfError: '1h',
  })
  await soon(clock, node.get('a'))
  for (const operation of ['setMany', 'deleteMany', 'getMany'] as const) shared.fail(operation)
  await expect(soon(clock, node.set('a', 'new'))).rejects.toMatchObject(unavailable)
  fails = true
  await expect(soon(clock, node.get('a'))).rejects.toThrow('the source failed')
})

test('more than a thousand keys are widened to their node, and nothing beside it', async () => {
  const ours = scene()
  const { clock, shared, server, cache } = ours
  const node = countingNode(ours)
  await soon(clock, cache.set('beside', 'it'))
  const ids = Array.from({ length: 1_001 }, (_, index) => `${index}`)
  await soon(clock, node.getMany(ids))
  shared.fail('deleteMany')
  const failed = Promise.allSettled(ids.map((id) => node.invalidate(id)))
  await clock.advance(0)
  expect(new Set((await failed).map(({ status }) => status))).toEqual(new Set(['rejected']))
  expect(cache.sync()['shared']?.owedCount).toBeLessThan(1_001)
  shared.heal()
  await clock.advance(10_000)
  expect(cache.sync()['shared']).toMatchObject({ owedCount: 0 })
  expect(await server.getMany(ids.map((id) => `tiercel:n:${id}`))).toEqual(ids.map(() => undefined))
  expect(await storedIn(server, 'tiercel:=:beside')).toBe('it')
})

test('a tag that can’t be invalidated is invalid here at once, and everywhere when the server is back', async () => {
  const ours = scene()
  const theirs = ours.another({ copyTtl: 1 })
  const { clock, shared } = ours
  const node = countingNode(ours, () => ['fx'])
  const other = countingNode(theirs, () => ['fx'])
  await soon(clock, node.get('a'))
  await soon(clock, other.get('a'))
  shared.fail('changeMany')
  shared.fail('deleteMany')
  await expect(soon(clock, ours.cache.invalidate({ tags: ['fx'] }))).rejects.toMatchObject(unavailable)
  expect(node.peek('a')).toBeUndefined()
  expect(await soon(clock, node.get('a'))).toBe('a 2')
  shared.heal()
  await clock.advance(10_000)
  expect(await soon(clock, other.get('a'))).toBe('a 1')
  expect(other.stats().loadCount).toBe(1)
})

test('clearing a server that is down is made up for as well', async () => {
  const ours = scene()
  const { clock, shared, server } = ours
  const node = countingNode(ours)
  await soon(clock, node.get('a'))
  shared.fail('clear')
  await expect(soon(clock, ours.cache.clear())).rejects.toMatchObject(unavailable)
  shared.heal()
  expect(await soon(clock, node.get('a'))).toBe('a 2')
  shared.fail('clear', { times: 1 })
  await expect(soon(clock, node.invalidateAll())).rejects.toMatchObject(unavailable)
  await clock.advance(10_000)
  expect(await storedIn(server, 'tiercel:n:a')).toBeUndefined()
})

test('what is still owed when the cache is closed is tried once more', async () => {
  const ours = scene()
  const { clock, shared, server, cache } = ours
  const node = countingNode(ours)
  await soon(clock, node.get('a'))
  shared.fail('deleteMany', { times: 1 })
  await expect(soon(clock, node.invalidate('a'))).rejects.toMatchObject(unavailable)
  await soon(clock, cache.close())
  expect(await storedIn(server, 'tiercel:n:a')).toBeUndefined()
})
