import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startProxy } from '../servers/proxy.ts'
import { isServerHere, type ServerKind, useServer } from '../servers/servers.ts'
import {
  type CoherentFleet,
  coherentFleet,
  eventually,
  type Member,
  type NodeName,
  type Order,
} from './coherent-fleet.ts'

/*
 * Processes with memories of their own, over a server whose feed tells them what the others change. The truth changes,
 * one process invalidates, and from then on no process may answer with what was true before: that one at once, the others
 * within a delivery.
 */

const limit = 60_000
const place = { orgId: 'o1', id: 'a' }

/** The ways to invalidate the entry, and the node it belongs to. */
const ways: readonly (readonly [string, NodeName, Order])[] = [
  ['its key', 'item', { do: 'invalidateKey', node: 'item', place }],
  ['a tag', 'item', { do: 'invalidate', selector: { tags: ['item:a'] } }],
  ['a tag of its result', 'player', { do: 'invalidate', selector: { tags: ['team:red'] } }],
  ['its scope', 'item', { do: 'invalidate', selector: { scope: { organization: 'o1' } } }],
  ['a pattern', 'item', { do: 'invalidate', selector: { pattern: 'item:*' } }],
  ['a clear', 'item', { do: 'clear' }],
]

const kinds: readonly ServerKind[] = ['redis', 'redis-cluster', 'postgres']

for (const kind of kinds) {
  describe.skipIf(!(await isServerHere(kind)))(`processes above a ${kind} server`, () => {
    const server = useServer(kind)
    let fleet: CoherentFleet
    beforeEach(async () => {
      fleet = await coherentFleet(server.url)
    })
    afterEach(() => fleet.end())

    test.each(ways)(
      'DEFECTS 10: answer nothing old after an invalidation by %s, though another was loading it',
      async (_way, node, order) => {
        const [one, other] = await Promise.all([fleet.member(), fleet.member()])
        for (let version = 1; version < 8; version += 2) {
          fleet.tell(version)
          await one.ask(order)
          await eventually(async () => expect(await other.ask({ do: 'peek', node, place })).toBeNull(), 2_000)
          const slow = other.get(node, place, 200)
          await other.isLoading('a', version)
          fleet.tell(version + 1)
          await one.ask(order)
          expect(await one.get(node, place)).toBe(version + 1)
          expect([version, version + 1]).toContain(await slow)
          await seesForGood(other, node, version + 1)
          await seesForGood(one, node, version + 1)
        }
      },
      limit,
    )

    test.each(ways)(
      'answer nothing old that was in their memories before an invalidation by %s',
      async (_way, node, order) => {
        const [one, other, third] = await Promise.all([fleet.member(), fleet.member(), fleet.member()])
        for (let version = 1; version < 10; version++) {
          fleet.tell(version)
          await one.ask(order)
          expect(await one.get(node, place)).toBe(version)
          await Promise.all([other, third].map((member) => seesForGood(member, node, version)))
        }
      },
      limit,
    )

    test(
      'DEFECTS 13: keep nothing old that they were just reading when another invalidated it',
      async () => {
        const [one, other] = await Promise.all([fleet.member(), fleet.member()])
        for (let version = 1; version < 40; version++) {
          fleet.tell(version)
          const fresh = { orgId: 'o1', id: `race-${version % 4}` }
          // The other's memory is empty or not; its read meets the invalidation somewhere on its way.
          const reading = other.get('item', fresh)
          await sleep(Math.random() * 3)
          await one.ask({ do: 'invalidateKey', node: 'item', place: fresh })
          await reading
          await eventually(async () => expect(await other.get('item', fresh)).toBe(version), 2_000)
          expect(await one.get('item', fresh)).toBe(version)
        }
      },
      limit,
    )

    test(
      'agree though their clocks are five seconds apart',
      async () => {
        const [one, other] = await Promise.all([fleet.member(), fleet.member({ clockOffset: -5_000 })])
        for (const [way, node, order] of ways) {
          for (let version = 1; version < 4; version++) {
            for (const [from, to] of [
              [one, other],
              [other, one],
            ] as const) {
              const now = Math.floor(Math.random() * 1e9)
              fleet.tell(now)
              await from.ask(order)
              expect(await from.get(node, place), way).toBe(now)
              await seesForGood(to, node, now)
            }
          }
        }
      },
      limit,
    )
  })
}

const behindWires: readonly ServerKind[] = ['redis', 'postgres']

for (const kind of behindWires) {
  describe.skipIf(!(await isServerHere(kind)))(`a process whose wires to a ${kind} server are bad`, () => {
    const server = useServer(kind)
    let fleet: CoherentFleet
    beforeEach(async () => {
      fleet = await coherentFleet(server.url)
    })
    afterEach(() => fleet.end())

    test(
      'serves nothing old 50 ms after its connections were killed and another invalidated: DEFECTS 35',
      async () => {
        const proxy = await startProxy(server.port)
        const [one, cut] = await Promise.all([fleet.member(), fleet.member({ url: through(proxy.port, server.url) })])
        try {
          for (let version = 1; version < 12; version++) {
            await synchronised(cut)
            fleet.tell(version)
            await one.ask({ do: 'invalidateKey', node: 'item', place })
            await seesForGood(cut, 'item', version)
            proxy.cutAll()
            await sleep(Math.random() * 10)
            fleet.tell(version + 0.5)
            await one.ask({ do: 'invalidateKey', node: 'item', place })
            await sleep(50)
            expect(await cut.get('item', place)).toBe(version + 0.5)
          }
        } finally {
          await proxy.close()
        }
      },
      limit,
    )

    test(
      'serves nothing old a second and a half after its wires fell silent, and is true again when they speak',
      async () => {
        const proxy = await startProxy(server.port)
        const [one, cut] = await Promise.all([fleet.member(), fleet.member({ url: through(proxy.port, server.url) })])
        try {
          await synchronised(cut)
          fleet.tell(1)
          await seesForGood(cut, 'item', 1)
          proxy.swallow()
          fleet.tell(2)
          await one.ask({ do: 'invalidateKey', node: 'item', place })
          await sleep(1_500)
          expect(await cut.get('item', place)).toBe(2)
          fleet.tell(3)
          await one.ask({ do: 'invalidateKey', node: 'item', place })
          proxy.pass()
          await synchronised(cut)
          await seesForGood(cut, 'item', 3)
        } finally {
          await proxy.close()
        }
      },
      limit,
    )
  })
}

describe.skipIf(!(await isServerHere('redis', { own: true })))('what others do to a redis server', () => {
  // So little memory that whatever isn't used goes.
  const server = useServer('redis', { args: ['--maxmemory', '3mb', '--maxmemory-policy', 'allkeys-lru'] })
  let fleet: CoherentFleet
  let hand: Redis
  beforeEach(async () => {
    fleet = await coherentFleet(server.url)
    hand = new Redis(server.url)
  })
  afterEach(async () => {
    hand.disconnect()
    await fleet.end()
  })

  test(
    'reaches the memories of all processes: a key deleted by hand, one that expires, a flush',
    async () => {
      const members = await Promise.all([fleet.member(), fleet.member()])
      let version = 1
      const allSee = async (): Promise<void> => {
        await Promise.all(members.map((member) => seesForGood(member, 'item', version)))
      }
      const entryKey = async (): Promise<string> => {
        const keys = await hand.keys('*item:a*')
        return keys.find((key) => !key.startsWith('!lease') && !key.includes('#')) ?? ''
      }
      for (const change of [
        async () => hand.del(await entryKey()),
        async () => hand.pexpire(await entryKey(), 20),
        () => hand.flushall(),
      ]) {
        for (let round = 0; round < 3; round++) {
          await allSee()
          fleet.tell(++version)
          await change()
          await allSee()
        }
      }
    },
    limit,
  )

  test(
    'DEFECTS 12: makes nothing valid again by evicting the markers of tags and scopes',
    async () => {
      const [one, other] = await Promise.all([fleet.member(), fleet.member()])
      for (const [way, node, order] of ways) {
        fleet.tell(1)
        await one.ask(order)
        await Promise.all([one, other].map((member) => seesForGood(member, node, 1)))
        // Read again and again, the entry stays; its markers are read with it only where memory doesn't answer.
        for (let junk = 0; junk < 6_000; junk++) await hand.set(`junk:${Math.random()}`, 'x'.repeat(1_000))
        fleet.tell(2)
        await one.ask(order)
        expect(await one.get(node, place), way).toBe(2)
        await seesForGood(other, node, 2)
      }
      expect(Number(/evicted_keys:(\d+)/.exec(await hand.info('stats'))?.[1])).toBeGreaterThan(1_000)
    },
    limit,
  )
})

/** It answers with a version before long, and with no other from then on. */
async function seesForGood(member: Member, node: NodeName, version: number): Promise<void> {
  await eventually(async () => expect(await member.get(node, place)).toBe(version), 2_000)
  for (let again = 0; again < 5; again++) expect(await member.get(node, place)).toBe(version)
}

async function synchronised(member: Member): Promise<void> {
  await eventually(async () => expect(await member.ask({ do: 'state' })).toBe('synchronised'))
}

function through(port: number, url: string): string {
  const wire = new URL(url)
  wire.port = String(port)
  return wire.href
}
