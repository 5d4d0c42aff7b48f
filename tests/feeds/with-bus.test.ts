import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type BusStorage, createCache, memory, memoryBus, type Storage, withBus } from 'tiercel'
import { faultyStorage, simpleStorage, virtualClock, type VirtualClock } from 'tiercel/testing'
import { busMessage, partsOf, readBusMessage } from '../../src/feeds/bus-message.ts'
import { outcomeOf } from '../storages/redis/waiting.ts'
import { item } from '../storages/items.ts'
import { lossyBus, type LossyBus } from './lossy-bus.ts'

/** What somebody who follows was told, in order. */
interface Follower {
  readonly story: string[]
  readonly causes: unknown[]
}

function follow(storage: BusStorage, prefix = 'shop:'): Follower {
  const follower: Follower = { story: [], causes: [] }
  const { story, causes } = follower
  storage.capabilities.feed.follow(prefix, {
    unbroken: () => void story.push('unbroken'),
    changed: (keys) => void story.push(...keys),
    changedAll: () => void story.push('all'),
    broken(cause) {
      story.push('broken')
      causes.push(cause)
    },
  })
  return follower
}

interface Stage {
  readonly clock: VirtualClock
  readonly bus: LossyBus
  readonly ours: BusStorage
  readonly theirs: BusStorage
  /** Follows `ours`, where everything has begun. */
  readonly follower: Follower
}

/** Two processes on one bus, both of which have been heard. */
async function stage(bus = lossyBus()): Promise<Stage> {
  const clock = virtualClock()
  const server = simpleStorage({ clock })
  const ours = withBus(server, bus, { clock })
  const theirs = withBus(server.another(), bus, { clock })
  await Promise.all([ours.open(), theirs.open()])
  const follower = follow(ours)
  await clock.advance(1_000)
  expect(follower.story.splice(0)).toEqual(['unbroken'])
  return { clock, bus, ours, theirs, follower }
}

const isChange = (text: string): boolean => !text.includes('"word"')

test('a storage stays what it is: kind, type, longest key, and every capability it had', () => {
  const plain: Storage = { ...simpleStorage(), maxKeyBytes: 250 }
  const { feed, ...others } = withBus(plain, memoryBus()).capabilities
  expect(withBus(plain, memoryBus())).toMatchObject({ kind: 'shared', type: 'simple', maxKeyBytes: 250 })
  expect(feed).toBeDefined()
  expect(Object.keys(others).toSorted()).toEqual(Object.keys(plain.capabilities).toSorted())
  expect(withBus(simpleStorage(), memoryBus())).not.toHaveProperty('maxKeyBytes')
})

test('what needs no bus, and what is none, is refused', () => {
  const refused = { code: 'INVALID_OPTION' }
  const refusalOf = (storage: unknown, bus: unknown) => {
    try {
      withBus(storage as Storage, bus as LossyBus)
    } catch (error) {
      return error
    }
    return undefined
  }
  expect(refusalOf(simpleStorage({ feed: true }), memoryBus())).toMatchObject(refused)
  expect(refusalOf(memory(), memoryBus())).toMatchObject(refused)
  expect(refusalOf(simpleStorage(), {})).toMatchObject(refused)
  expect(refusalOf(simpleStorage(), undefined)).toMatchObject(refused)
})

test('a delete, an expire and a clear of what is not there are told too: somebody may be loading it', async () => {
  const { clock, theirs, follower } = await stage()
  await theirs.deleteMany(['shop:gone'])
  await theirs.expireMany(['shop:missing'])
  await theirs.clear('shop:none')
  await clock.advance(1)
  expect(follower.story).toEqual(['shop:gone', 'shop:missing', 'all'])
})

test('what changes nothing is not told: a marker that was there, a refused write, an empty list', async () => {
  const { clock, bus, theirs, follower } = await stage()
  const { markers, leases } = theirs.capabilities
  await markers?.ensureMany([item('shop:#a', 'first')])
  await clock.advance(1)
  expect(follower.story.splice(0)).toEqual(['shop:#a'])
  bus.taken.length = 0
  await markers?.ensureMany([item('shop:#a', 'second')])
  await leases?.fulfilMany([{ ...item('shop:a'), token: 'nobody’s' }])
  await theirs.setMany([])
  await theirs.getMany(['shop:a'])
  expect(bus.taken.filter(isChange)).toEqual([])
})

test('a feed that has nothing to tell is not taken for a broken one, and newcomers disturb nobody', async () => {
  const { clock, bus, theirs, follower } = await stage()
  for (let round = 0; round < 5; round++) {
    await clock.advance(3_000)
    await withBus(simpleStorage({ clock }), bus, { clock }).open()
  }
  await theirs.setMany([item('shop:a')])
  await clock.advance(3_000)
  expect(follower.story).toEqual(['shop:a'])
})

test('whoever joins knows what everybody has said before, and takes none of it for lost', async () => {
  const { clock, bus, ours, theirs } = await stage()
  await Promise.all([ours.setMany([item('shop:a')]), theirs.setMany([item('shop:b')])])
  await clock.advance(50)
  const newcomer = follow(withBus(simpleStorage({ clock }), bus, { clock }))
  await clock.advance(2_000)
  await theirs.setMany([item('shop:c')])
  await clock.advance(1)
  expect(newcomer.story).toEqual(['unbroken', 'shop:c'])
})

test('a message that was lost shows by the next one', async () => {
  const { clock, bus, theirs, follower } = await stage()
  bus.lose(isChange)
  await theirs.setMany([item('shop:lost')])
  bus.lose(() => false)
  await theirs.setMany([item('shop:heard')])
  await clock.advance(1)
  expect(follower.story).toEqual(['broken', 'unbroken', 'shop:heard'])
  expect(follower.causes).toMatchObject([{ code: 'STORAGE_UNAVAILABLE' }])
})

test('a message that was lost shows by the next heartbeat, if nothing more is said', async () => {
  const { clock, bus, theirs, follower } = await stage()
  bus.lose(isChange)
  await theirs.deleteMany(['shop:lost'])
  await clock.advance(700)
  expect(follower.story).toEqual(['broken', 'unbroken'])
})

test('a change that the storage took and the bus did not rejects, and is missed by the others', async () => {
  const { clock, bus, theirs, follower } = await stage()
  bus.refuse(true)
  expect(await outcomeOf(theirs.deleteMany(['shop:a']))).toBe('STORAGE_UNAVAILABLE')
  bus.refuse(false)
  await clock.advance(700)
  expect(follower.story).toEqual(['broken', 'unbroken'])
})

test.each([
  ['had no seat', 0],
  ['waited for a seat in vain', 250],
])('a change that could not be told, because its process %s, is missed by the others', async (_what, takes) => {
  const { clock, bus, follower } = await stage()
  let isShut = false
  let cut: (() => void) | undefined
  const theirs = withBus(
    simpleStorage({ clock }),
    {
      type: 'their way',
      async join(listener) {
        if (isShut) await new Promise<void>((resolve) => void clock.after(takes, resolve))
        if (isShut) throw new Error('shut')
        const seat = await bus.join(listener)
        cut = () => {
          void seat.leave()
          listener.lost(new Error('cut'))
        }
        return seat
      },
    },
    { clock },
  )
  await theirs.open()
  await clock.advance(200)
  isShut = true
  cut?.()
  await clock.advance(60)
  const outcome = outcomeOf(theirs.deleteMany(['shop:a']))
  await clock.advance(300)
  expect(await outcome).toBe('STORAGE_UNAVAILABLE')
  expect(follower.story).toEqual([])
  isShut = false
  await clock.advance(800)
  expect(follower.story).toEqual(['broken', 'unbroken'])
})

test('a bus that takes everything and delivers nothing is known to be broken within a second and a half', async () => {
  const { clock, bus, follower } = await stage()
  bus.lose(() => true)
  await clock.advance(400)
  expect(follower.story).toEqual([])
  await clock.advance(1_100)
  expect(follower.story).toEqual(['broken'])
  await clock.advance(10_000)
  expect(follower.story).toEqual(['broken'])
  bus.lose(() => false)
  await clock.advance(2_500)
  expect(follower.story).toEqual(['broken', 'unbroken'])
})

test('a hello that is lost is said again', async () => {
  const { clock, bus } = await stage()
  const late = withBus(simpleStorage({ clock }), bus, { clock })
  bus.lose((text) => text.includes('hello'))
  const follower = follow(late)
  await clock.advance(100)
  expect(follower.story).toEqual([])
  bus.lose(() => false)
  await clock.advance(700)
  expect(follower.story).toEqual(['unbroken'])
})

test('a lost seat is told at once and taken again, and nothing is missed from then on', async () => {
  const { clock, bus, ours, theirs, follower } = await stage()
  bus.cut()
  await clock.advance(0)
  expect(follower.story).toEqual(['broken'])
  await clock.advance(1_000)
  expect(follower.story).toEqual(['broken', 'unbroken'])
  await theirs.setMany([item('shop:a')])
  await ours.setMany([item('shop:b')])
  await clock.advance(2_000)
  expect(follower.story.slice(2)).toEqual(['shop:a', 'shop:b'])
})

test('while nobody can join, changes reject at once, reads go on, and it is tried again and again', async () => {
  const { clock, bus, theirs, follower } = await stage()
  bus.shut(true)
  bus.cut()
  await clock.advance(10_000)
  expect(await outcomeOf(theirs.setMany([item('shop:a')]))).toBe('STORAGE_UNAVAILABLE')
  // Where there is nothing to tell, nothing can fail.
  expect(await theirs.getMany(['shop:a'])).toHaveLength(1)
  expect(await theirs.capabilities.markers?.ensureMany([item('shop:a', 'other')])).toHaveLength(1)
  await theirs.setMany([])
  bus.shut(false)
  await clock.advance(2_000)
  expect(follower.story.slice(0, 2)).toEqual(['broken', 'unbroken'])
  await theirs.setMany([item('shop:a')])
  await clock.advance(1)
  expect(follower.story.at(-1)).toBe('shop:a')
})

test('publishing that hangs rejects after a second', async () => {
  const { clock, bus, theirs } = await stage()
  bus.hang()
  const outcome = outcomeOf(theirs.deleteMany(['shop:a']))
  await clock.advance(1_000)
  expect(await outcome).toBe('STORAGE_UNAVAILABLE')
})

test('whoever falls silent without a goodbye may have said something before; whoever says goodbye has not', async () => {
  const { clock, bus, theirs, follower } = await stage()
  await theirs.setMany([item('shop:last')])
  await theirs.close()
  await clock.advance(5_000)
  expect(follower.story).toEqual(['shop:last'])

  const doomed = withBus(simpleStorage({ clock }), bus, { clock })
  await doomed.setMany([item('shop:doomed')])
  await clock.advance(600)
  const id = readBusMessage(bus.taken.findLast(isChange) ?? '')?.from ?? 'nobody'
  bus.lose((text) => text.includes(id))
  await clock.advance(1_500)
  expect(follower.story.slice(1)).toEqual(['shop:doomed', 'broken', 'unbroken'])
  await clock.advance(10_000)
  expect(follower.story).toHaveLength(4)
})

test('somebody whose beginning was not heard has said something that was not heard', async () => {
  const { clock, bus, follower } = await stage()
  const late = withBus(simpleStorage({ clock }), bus, { clock })
  bus.lose((text) => text.includes('hello') || isChange(text))
  await late.setMany([item('shop:unheard')])
  bus.lose(() => false)
  await clock.advance(700)
  expect(follower.story).toEqual(['all'])
})

test('what others say on the bus can at most mean that everything has changed', async () => {
  const { clock, bus, follower } = await stage()
  for (const nonsense of ['', 'null', '7', '[]', '{"from":"a","number":1.5,"keys":[]}', '{"from":"a","number":0}']) {
    bus.say(nonsense)
    await clock.advance(0)
    expect(follower.story.splice(0)).toEqual(['all'])
  }
})

test('a process that stood still itself takes nobody for silent', async () => {
  const { clock, bus, ours } = await stage()
  let now = clock.now()
  const timers: { readonly due: number; readonly callback: () => void; isOver: boolean }[] = []
  const jumpy = {
    now: () => now,
    after(milliseconds: number, callback: () => void) {
      const timer = { due: now + milliseconds, callback, isOver: false }
      timers.push(timer)
      return { cancel: () => void (timer.isOver = true) }
    },
  }
  /** Lets time pass all at once, as it does for whoever stood still: every timer is late. */
  const jump = async (milliseconds: number): Promise<void> => {
    now += milliseconds
    for (const timer of timers.filter(({ due, isOver }) => due <= now && !isOver)) {
      timer.isOver = true
      timer.callback()
    }
    for (let turn = 0; turn < 50; turn++) await Promise.resolve()
  }
  const still = withBus(simpleStorage(), bus, { clock: jumpy })
  const follower = follow(still)
  for (let step = 0; step < 5; step++) await jump(100)
  expect(follower.story).toEqual(['unbroken'])
  await jump(5_000)
  await clock.advance(100)
  await ours.setMany([item('shop:after')])
  await jump(100)
  expect(follower.story).toEqual(['unbroken', 'shop:after'])
})

test('what a storage failed at may have happened, and is told; its error is what the caller gets', async () => {
  const { clock, bus, follower } = await stage()
  const failing = faultyStorage(simpleStorage({ clock }), { clock })
  const storage = withBus(failing, bus, { clock })
  await storage.open()
  failing.fail('setMany')
  expect(await outcomeOf(storage.setMany([item('shop:a')]))).toBe('setMany was told to fail')
  await clock.advance(1)
  expect(follower.story).toEqual(['shop:a'])
})

test('closing tells what is under way, says goodbye, and leaves the bus', async () => {
  const { clock, bus, theirs, follower } = await stage()
  const seats = bus.seatCount
  const writing = theirs.setMany([item('shop:a')])
  await theirs.close()
  await writing
  await clock.advance(5_000)
  expect(follower.story).toEqual(['shop:a'])
  expect(bus.seatCount).toBe(seats - 1)
  expect(await outcomeOf(theirs.setMany([item('shop:b')]))).toBe('CLOSED')
  const late = follow(theirs)
  await clock.advance(2_000)
  expect(late.story).toEqual([])
})

test('closing does not wait for a bus that nobody can join', async () => {
  const clock = virtualClock()
  const bus = lossyBus()
  bus.shut('hanging')
  const storage = withBus(simpleStorage({ clock }), bus, { clock })
  await storage.open()
  await clock.advance(100)
  await storage.close()
  expect(await outcomeOf(storage.open())).toBe('CLOSED')
})

test('a change that waits for a bus on which nobody gets a seat rejects after five seconds', async () => {
  const clock = virtualClock()
  const bus = lossyBus()
  bus.shut('hanging')
  const storage = withBus(simpleStorage({ clock }), bus, { clock })
  const writing = outcomeOf(storage.setMany([item('shop:a')]))
  await clock.advance(5_000)
  expect(await writing).toBe('STORAGE_UNAVAILABLE')
})

test('a change that ends while the storage closes is told before the bus is left', async () => {
  const { clock, bus, follower } = await stage()
  const server = simpleStorage({ clock })
  const setMany = () => new Promise<void>((resolve) => void clock.after(50, resolve))
  const storage = withBus({ ...server, setMany }, bus, { clock })
  await storage.open()
  const writing = storage.setMany([item('shop:late')])
  const closing = storage.close()
  await clock.advance(100)
  await Promise.all([writing, closing])
  expect(follower.story).toEqual(['shop:late'])
})

test('whatever the keys are, messages are short, plain ASCII, and tell every one of them or everything', () => {
  const keyed = fc.array(fc.string({ unit: 'grapheme', maxLength: 200 }), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(keyed, fc.integer({ min: 400, max: 8_000 }), (keys, longest) => {
      const messages = partsOf({ keys }, longest).map((part, index) =>
        busMessage('x'.repeat(36), 2 ** 40 + index, part),
      )
      const told = messages.flatMap((message) => {
        expect(message.length).toBeLessThanOrEqual(longest)
        expect(message).toMatch(/^[ -~]*$/)
        const what = readBusMessage(message)?.what
        return typeof what === 'object' ? ('keys' in what ? what.keys : [what.prefix]) : []
      })
      if (!(told.length === 1 && told[0] === '')) expect(told).toEqual(keys)
    }),
    { seed: 7 },
  )
})

test('a change of very many keys is told as one of everything', async () => {
  const { clock, bus, theirs, follower } = await stage(lossyBus(1_000))
  bus.taken.length = 0
  await theirs.deleteMany(Array.from({ length: 10_000 }, (_, index) => `shop:${index}`))
  await clock.advance(1)
  expect(follower.story).toEqual(['all'])
  expect(bus.taken.filter(isChange)).toHaveLength(1)
})

test('an invalidation in one cache reaches the memory of the other, by key, tag and clear', async () => {
  const clock = virtualClock()
  const server = simpleStorage({ clock })
  const bus = memoryBus()
  const open = () => {
    const cache = createCache({
      clock,
      storages: { local: memory({ clock }), shared: withBus(server.another(), bus, { clock }) },
      tiers: [
        { storage: 'local', ttl: '1h' },
        { storage: 'shared', ttl: '1h' },
      ],
    })
    let loads = 0
    const node = cache.node({ name: 'n', key: (id: string) => id, load: () => Promise.resolve(++loads), tags: ['all'] })
    return { cache, node }
  }
  const [ours, theirs] = [open(), open()]
  await Promise.all([ours.cache.open(), theirs.cache.open()])
  await clock.advance(1_000)
  expect(ours.cache.sync()['shared']).toMatchObject({ state: 'synchronised' })
  const changes = [
    () => theirs.node.invalidate('a'),
    () => theirs.cache.invalidate({ tags: ['all'] }),
    () => theirs.cache.clear(),
  ]
  for (const change of changes) {
    for (let round = 0; round < 2; round++) {
      const reading = ours.node.get('a')
      await clock.advance(10)
      await reading
    }
    expect(ours.node.peek('a')).toBeDefined()
    const changing = change()
    await clock.advance(10)
    await changing
    expect(ours.node.peek('a')).toBeUndefined()
  }
  await Promise.all([ours.cache.close(), theirs.cache.close()])
})
