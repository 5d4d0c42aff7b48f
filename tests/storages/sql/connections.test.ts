import { expect, test } from 'vitest'
import { CacheError } from 'tiercel'
import { virtualClock } from 'tiercel/testing'
import {
  Connections,
  type ConnectionSource,
  type StatementFault,
} from '../../../src/storages/sql/server/connections.ts'

const limits = { connect: 1_000, statement: 2_000 }

/** A source of numbered connections that tells what becomes of them. */
function numbered(connect: () => Promise<void> = () => Promise.resolve()): ConnectionSource<number> & {
  readonly story: string[]
} {
  const story: string[] = []
  let next = 0
  return {
    story,
    async connect() {
      const number = ++next
      await connect()
      return { client: number, release: (state) => story.push(`${number} ${state}`) }
    },
    end: () => Promise.resolve(void story.push('end')),
  }
}

function connectionsOf(source: ConnectionSource<number>, fault: StatementFault = 'broken') {
  const clock = virtualClock()
  return { clock, connections: new Connections({ dialect: 'test', source, limits, clock, faultOf: () => fault }) }
}

test('a connection is given back when what was done on it has ended', async () => {
  const source = numbered()
  const { connections } = connectionsOf(source)
  expect(await connections.use((client) => Promise.resolve(client * 10))).toBe(10)
  expect(source.story).toEqual(['1 usable'])
})

test.each([
  ['refused', '1 usable'],
  ['broken', '1 broken'],
] as const)('after a statement that was %s, the connection is %s', async (fault, told) => {
  const source = numbered()
  const { connections } = connectionsOf(source, fault)
  await expect(connections.use(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(source.story).toEqual([told])
})

test('what lost against another transaction is done again, up to eight times', async () => {
  const source = numbered()
  const { connections } = connectionsOf(source, 'conflict')
  let tries = 0
  const losing = (times: number) => (): Promise<string> => {
    tries++
    return tries <= times ? Promise.reject(new Error('deadlock')) : Promise.resolve('won')
  }
  expect(await connections.use(losing(7))).toBe('won')
  expect(tries).toBe(8)
  tries = 0
  await expect(connections.use(losing(8))).rejects.toThrow('deadlock')
  expect(tries).toBe(8)
  expect(source.story.every((told) => told.endsWith('usable'))).toBe(true)
})

test('a statement that takes too long is given up, and its connection with it', async () => {
  const source = numbered()
  const { connections, clock } = connectionsOf(source)
  const using = connections.use(() => new Promise(() => undefined))
  const failed = expect(using).rejects.toMatchObject({
    code: 'STORAGE_UNAVAILABLE',
    message: 'test: a statement took longer than 2000 ms',
  })
  await clock.advance(2_000)
  await failed
  expect(source.story).toEqual(['1 broken'])
})

test('a connection that comes too late is given back, and not lost', async () => {
  let arrive: () => void = () => undefined
  const source = numbered(() => new Promise((resolve) => (arrive = resolve)))
  const { connections, clock } = connectionsOf(source)
  const failed = expect(connections.use(() => Promise.resolve())).rejects.toMatchObject({
    code: 'STORAGE_UNAVAILABLE',
    message: 'test: a connection took longer than 1000 ms',
  })
  await clock.advance(1_000)
  await failed
  expect(source.story).toEqual([])
  arrive()
  await clock.advance(0)
  expect(source.story).toEqual(['1 usable'])
})

test('while a server is down it is asked now and then, with pauses that grow up to a second; the others are refused', async () => {
  let isUp = false
  let asked = 0
  const source = numbered(() => {
    asked++
    return isUp ? Promise.resolve() : Promise.reject(new CacheError('STORAGE_UNAVAILABLE', 'down'))
  })
  const { connections, clock } = connectionsOf(source)
  const moments: number[] = []
  const begin = clock.now()
  for (let at = 0; at < 5_000; at += 10) {
    const before = asked
    await expect(connections.use(() => Promise.resolve())).rejects.toThrow('down')
    if (asked > before) moments.push(clock.now() - begin)
    await clock.advance(10)
  }
  expect(moments).toEqual([0, 50, 150, 350, 750, 1_550, 2_550, 3_550, 4_550])
  isUp = true
  await clock.advance(1_000)
  expect(await connections.use(() => Promise.resolve('up'))).toBe('up')
  // And then nobody has to wait for anybody any more.
  expect(await Promise.all([1, 2, 3].map(() => connections.use(() => Promise.resolve('up'))))).toEqual([
    'up',
    'up',
    'up',
  ])
})

test('of many who come when the pause is over, one looks', async () => {
  let asked = 0
  const source = numbered(async () => {
    asked++
    await new Promise((resolve) => setImmediate(resolve))
    throw new Error('down')
  })
  const { connections, clock } = connectionsOf(source)
  await expect(connections.use(() => Promise.resolve())).rejects.toThrow('down')
  await clock.advance(50)
  await Promise.allSettled(Array.from({ length: 20 }, () => connections.use(() => Promise.resolve())))
  expect(asked).toBe(2)
})

test('parting takes no longer than connecting may, and throws nothing', async () => {
  const { connections, clock } = connectionsOf({ ...numbered(), end: () => new Promise(() => undefined) })
  const ended = connections.end()
  await clock.advance(1_000)
  await ended
  const failing = connectionsOf({ ...numbered(), end: () => Promise.reject(new Error('gone already')) })
  await failing.connections.end()
})
