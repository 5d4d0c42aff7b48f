import { EventEmitter, once } from 'node:events'
import { expect, test } from 'vitest'
import { createCache, memory } from 'tiercel'
import { virtualClock } from 'tiercel/testing'
import { soon } from './scene.ts'

function world() {
  const clock = virtualClock()
  const cache = createCache({ clock, storages: { local: memory({ clock }) } })
  let loads = 0
  const user = cache.node({ name: 'user', key: (id: number) => id, load: () => ++loads, tags: (id) => [`user:${id}`] })
  const told: unknown[] = []
  cache.on('invalidationFailure', ({ error }) => told.push((error as Error).message))
  return { clock, cache, user, told }
}

/** An async iterable that yields what it is given. */
function channel<Item>() {
  const items: Item[] = []
  let wake = (): void => {}
  const state = { returned: false }
  const source: AsyncIterable<Item> = {
    [Symbol.asyncIterator]: () => ({
      async next() {
        while (items.length === 0 && !state.returned) await new Promise<void>((resolve) => (wake = resolve))
        return state.returned ? { done: true, value: undefined } : { done: false, value: items.shift() as Item }
      },
      async return() {
        state.returned = true
        wake()
        return { done: true, value: undefined }
      },
    }),
  }
  const push = (item: Item): void => {
    items.push(item)
    wake()
  }
  return { source, push, isReturned: () => state.returned }
}

test('an emitter, mapped to selectors, invalidates until it is called off', async () => {
  const { clock, cache, user } = world()
  const emitter = new EventEmitter()
  const off = cache.invalidateOn(emitter, (id: number) => ({ tags: [`user:${id}`] }), { event: 'changed' })
  await soon(clock, user.get(7))
  await soon(clock, user.get(8))
  emitter.emit('changed', 7)
  emitter.emit('other', 8)
  await clock.advance(0)
  expect([user.peek(7), user.peek(8)]).toEqual([undefined, 2])
  off()
  off()
  expect(emitter.listenerCount('changed')).toBe(0)
  emitter.emit('changed', 8)
  await clock.advance(0)
  expect(user.peek(8)).toBe(2)
})

test('an EventTarget, mapped to a list of selectors or to nothing', async () => {
  const { clock, cache, user } = world()
  const target = new EventTarget()
  const off = cache.invalidateOn(
    target,
    (event: Event) => (event instanceof MessageEvent ? [{ keys: ['user:7'] }, { tags: ['user:8'] }] : undefined),
    { event: 'message' },
  )
  await soon(clock, user.getMany([7, 8, 9]))
  target.dispatchEvent(new Event('message'))
  await clock.advance(0)
  expect([7, 8, 9].map((id) => user.peek(id))).toEqual([1, 2, 3])
  target.dispatchEvent(new MessageEvent('message'))
  await clock.advance(0)
  expect([7, 8, 9].map((id) => user.peek(id))).toEqual([undefined, undefined, 3])
  off()
  await soon(clock, user.get(7))
  target.dispatchEvent(new MessageEvent('message'))
  await clock.advance(0)
  expect(user.peek(7)).toBe(4)
})

test('an async iterable is followed, and given up when it is called off', async () => {
  const { clock, cache, user } = world()
  const { source, push, isReturned } = channel<number>()
  const off = cache.invalidateOn(source, (id) => ({ tags: [`user:${id}`] }))
  await soon(clock, user.get(7))
  push(7)
  await clock.advance(0)
  expect(user.peek(7)).toBeUndefined()
  await soon(clock, user.get(7))
  off()
  expect(isReturned()).toBe(true)
  push(7)
  await clock.advance(0)
  expect(user.peek(7)).toBe(2)
})

test('a web stream is an async iterable', async () => {
  const { clock, cache, user } = world()
  await soon(clock, user.get(7))
  cache.invalidateOn(ReadableStream.from([7]) as AsyncIterable<number>, (id) => ({ tags: [`user:${id}`] }))
  await new Promise((resolve) => setImmediate(resolve))
  await clock.advance(0)
  expect(user.peek(7)).toBeUndefined()
})

test('a node maps items to its params: one, several, or none', async () => {
  const { clock, user } = world()
  const emitter = new EventEmitter()
  const off = user.invalidateOn(emitter, (ids: number[]) => (ids.length === 0 ? undefined : ids), { event: 'changed' })
  await soon(clock, user.getMany([1, 2, 3]))
  emitter.emit('changed', [])
  emitter.emit('changed', [1, 3])
  await clock.advance(0)
  expect([1, 2, 3].map((id) => user.peek(id))).toEqual([undefined, 2, undefined])
  off()
})

test('a map that throws, a selector that makes no sense, and a source that fails are told, and harm nothing', async () => {
  const { clock, cache, user, told } = world()
  const emitter = new EventEmitter()
  cache.invalidateOn(
    emitter,
    (what: string) => {
      if (what === 'throw') throw new Error('no idea')
      return what === 'nonsense' ? {} : { node: 'user' }
    },
    { event: 'changed' },
  )
  await soon(clock, user.get(7))
  expect(emitter.emit('changed', 'throw')).toBe(true)
  emitter.emit('changed', 'nonsense')
  await clock.advance(0)
  expect(told).toEqual(['no idea', expect.stringContaining('expected at least one of')])
  emitter.emit('changed', 'sense')
  await clock.advance(0)
  expect(user.peek(7)).toBeUndefined()

  const failing = (async function* () {
    yield 7
    throw new Error('connection lost')
  })()
  cache.invalidateOn(failing, () => undefined)
  await clock.advance(0)
  expect(told.at(-1)).toBe('connection lost')
})

test('where nobody listens, a failure becomes a process warning', async () => {
  const clock = virtualClock()
  const cache = createCache({ clock, storages: { local: memory({ clock }) } })
  const warned = once(process, 'warning') as Promise<Error[]>
  const emitter = new EventEmitter()
  cache.invalidateOn(emitter, () => ({}), { event: 'changed' })
  emitter.emit('changed')
  await clock.advance(0)
  const [warning] = await warned
  expect(warning?.message).toContain('an invalidation that a source asked for failed')
})

test('a source that can not be listened to is refused', () => {
  const { cache, user } = world()
  for (const source of [{}, new EventEmitter(), new EventTarget()]) {
    expect(() => cache.invalidateOn(source as EventEmitter, () => undefined)).toThrow(/^invalidateOn: expected/)
    expect(() => user.invalidateOn(source as EventEmitter, () => undefined)).toThrow(/invalidateOn/)
  }
  expect(() => cache.invalidateOn({} as EventEmitter, () => undefined, { event: 'x' })).toThrow(/`on`/)
})

test('nothing is invalidated, and nothing told, once the cache is closed', async () => {
  const { clock, cache, told } = world()
  const emitter = new EventEmitter()
  cache.invalidateOn(emitter, () => ({ node: 'user' }), { event: 'changed' })
  await soon(clock, cache.close())
  emitter.emit('changed')
  await clock.advance(0)
  expect(told).toEqual([])
})
