import { type Cache, type CacheNode, createCache, type Storage } from 'tiercel'
import type { Contestant } from '../rounds.ts'
import type { Raw } from './raw.ts'

/** Something a program does with a storage, through a cache and by hand. */
export interface Row {
  readonly what: string
  readonly operations: number
  readonly ours: Contestant
  readonly theirs: Contestant
}

/** A value of about so many bytes of JSON. */
interface Value {
  readonly id: number
  readonly text: string
}

interface Bench {
  readonly cache: Cache
  readonly raw: Raw
  readonly storage: Storage
  readonly node: CacheNode<number, Value>
}

const keyCount = 1_000
// Ids that nobody has asked for.
let next = 1_000_000
const together = 100

/** A cache with the storage as its only tier: what comes from memory is another bench's matter. */
export async function openRows(storage: Storage, raw: Raw): Promise<{ rows: readonly Row[]; cache: Cache }> {
  const cache = createCache({ prefix: 'bench', storages: { shared: storage }, ttl: '1h' })
  await cache.open()
  const sizes = { '2 KB': await filled(cache, storage, raw, 2_000), '50 B': await filled(cache, storage, raw, 20) }
  const rows: Row[] = []
  rows.push(hit('hit, 2 KB, one at a time', sizes['2 KB'], 400, 1))
  for (const [size, bench] of Object.entries(sizes)) {
    rows.push(hit(`hit, ${size}, ${together} at once`, bench, 2_000, together))
  }
  const bench = sizes['2 KB']
  const under = [fulfil(bench, 1), fulfil(bench, together)].filter((row) => row !== undefined)
  rows.push(getMany(bench), set(bench), ...under, miss(bench, 1), miss(bench, together), setMany(bench))
  return { rows, cache }
}

async function filled(cache: Cache, storage: Storage, raw: Raw, length: number): Promise<Bench> {
  const node = cache.node({
    name: `value-${length}`,
    key: (id: number) => `${id}`,
    load: (id): Value => valueOf(id, length),
  })
  const ids = Array.from({ length: keyCount }, (_, id) => id)
  for (let from = 0; from < keyCount; from += together) {
    await node.getMany(ids.slice(from, from + together))
  }
  await cache.idle()
  await raw.setMany(ids.map((id) => ({ key: rawKey(id, length), bytes: encode(valueOf(id, length)) })))
  return { cache, node, raw, storage }
}

function hit(what: string, { node, raw }: Bench, operations: number, callers: number): Row {
  const length = what.includes('50 B') ? 20 : 2_000
  const byHand = async (id: number): Promise<Value> => decode(await raw.get(rawKey(id, length)))
  return {
    what,
    operations,
    ours: crowd('ours', callers, (id) => node.get(id)),
    theirs: crowd('theirs', callers, byHand),
  }
}

function getMany({ node, raw }: Bench): Row {
  const lists = Array.from({ length: keyCount / together }, (_, list) =>
    Array.from({ length: together }, (__, index) => list * together + index),
  )
  const byHand = async (ids: readonly number[]): Promise<readonly Value[]> =>
    (await raw.getMany(ids.map((id) => rawKey(id, 2_000)))).map(decode)
  const listAt = (turn: number): readonly number[] => lists[turn % lists.length] ?? []
  return {
    what: `getMany(${together}), 2 KB`,
    operations: 20,
    ours: crowd('ours', 1, (turn) => node.getMany(listAt(turn))),
    theirs: crowd('theirs', 1, (turn) => byHand(listAt(turn))),
  }
}

function set({ node, raw }: Bench): Row {
  return {
    what: 'set, 2 KB, one at a time',
    operations: 200,
    ours: crowd('ours', 1, (id) => node.set(id, valueOf(id, 2_000))),
    theirs: crowd('theirs', 1, (id) => raw.set(rawKey(id, 2_000), encode(valueOf(id, 2_000)))),
  }
}

/** Cold: read, claim, load, answer, write under the lease; by hand: read, load, write. Both until it is written. */
function miss({ cache, node, raw }: Bench, callers: number): Row {
  const byHand = async (id: number): Promise<void> => {
    const key = rawKey(id, 2_000)
    const found = await raw.get(key).catch(() => undefined)
    if (found !== undefined) throw new Error(`${key} is not cold`)
    await raw.set(key, encode(valueOf(id, 2_000)))
  }
  return {
    what: callers === 1 ? 'cold miss, 2 KB, one at a time' : `cold miss, 2 KB, ${callers} at once`,
    operations: callers === 1 ? 100 : 500,
    ours: crowd('ours', callers, () => node.get(next++), { afterwards: () => cache.idle() }),
    theirs: crowd('theirs', callers, () => byHand(next++)),
  }
}

/** The write alone that shows a token, of a lease taken before the clock starts. */
function fulfil({ storage, raw }: Bench, callers: number): Row | undefined {
  const { leases } = storage.capabilities
  if (leases === undefined) return undefined
  const header = new Uint8Array(32)
  const claimed: string[] = []
  const write = async (): Promise<void> => {
    const key = claimed.pop() ?? ''
    const payload = encode(valueOf(1, 2_000))
    const [written] = await leases.fulfilMany([{ key, header, payload, ttl: 3_600_000, token: 'bench' }])
    if (written !== true) throw new Error(`${key} was not written`)
  }
  return {
    what: callers === 1 ? 'write under lease, 2 KB, one at a time' : `write under lease, 2 KB, ${callers} at once`,
    operations: callers === 1 ? 100 : 500,
    ours: {
      ...crowd('ours', callers, write),
      async prepare(operations) {
        claimed.length = 0
        for (let turn = 0; turn < operations; turn++) claimed.push(`bench:leased:${next++}`)
        await leases.claimMany(claimed.map((key) => ({ key, token: 'bench', life: 60_000 })))
      },
    },
    theirs: crowd('theirs', callers, (id) => raw.set(rawKey(id, 2), encode(valueOf(1, 2_000)))),
  }
}

function setMany({ storage, raw }: Bench): Row {
  const header = new Uint8Array(32)
  const items = Array.from({ length: keyCount }, (_, id) => ({ id, bytes: encode(valueOf(id, 2_000)) }))
  const ours = items.map(({ id, bytes }) => ({ key: `bench:many:${id}`, header, payload: bytes, ttl: 3_600_000 }))
  const theirs = items.map(({ id, bytes }) => ({ key: rawKey(id, 1), bytes }))
  return {
    what: `setMany(${keyCount}), 2 KB, of the storage`,
    operations: 2,
    ours: crowd('ours', 1, () => storage.setMany(ours)),
    theirs: crowd('theirs', 1, () => raw.setMany(theirs)),
  }
}

function crowd(
  name: string,
  callers: number,
  ask: (turn: number) => Promise<unknown>,
  { afterwards }: { readonly afterwards?: () => Promise<void> } = {},
): Contestant {
  return {
    name,
    async run(operations) {
      for (let from = 0; from < operations; from += callers) {
        const asked: Promise<unknown>[] = []
        for (let turn = from; turn < from + callers; turn++) asked.push(ask(turn % keyCount))
        await Promise.all(asked)
        await afterwards?.()
      }
    },
  }
}

function valueOf(id: number, length: number): Value {
  return { id, text: 'tiercel '.repeat(Math.ceil(length / 8)).slice(0, length) }
}

function rawKey(id: number, length: number): string {
  return `raw:value-${length}:${id}`
}

function encode(value: Value): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

function decode(bytes: Uint8Array | undefined): Value {
  if (bytes === undefined) throw new Error('by hand, nothing was found')
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()) as Value
}
