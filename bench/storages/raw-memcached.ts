import { once } from 'node:events'
import { createConnection } from 'node:net'
import type { Raw } from './raw.ts'

/** Memcached's classic text protocol over one socket: get, get of many, set. No npm client does all three well. */
export async function rawMemcached(url: string): Promise<Raw> {
  const { hostname, port } = new URL(url)
  const socket = createConnection({ host: hostname, port: Number(port), noDelay: true })
  await once(socket, 'connect')
  const waiting: ((reply: Buffer) => number)[] = []
  let buffer = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk])
    for (let [take] = waiting; take !== undefined; [take] = waiting) {
      const taken = take(buffer)
      if (taken === 0) return
      buffer = buffer.subarray(taken)
      waiting.shift()
    }
  })
  const ask = <Answer>(
    command: string | Buffer,
    parse: (reply: Buffer) => readonly [number, Answer],
  ): Promise<Answer> =>
    new Promise((resolve) => {
      waiting.push((reply) => {
        const [taken, answer] = parse(reply)
        if (taken > 0) resolve(answer)
        return taken
      })
      socket.write(command)
    })
  const getMany = async (keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> => {
    const found = await ask(`get ${keys.join(' ')}\r\n`, valuesIn)
    return keys.map((key) => found.get(key))
  }
  const set = async (key: string, bytes: Uint8Array): Promise<void> => {
    const head = Buffer.from(`set ${key} 0 3600 ${bytes.length}\r\n`)
    await ask(Buffer.concat([head, bytes, Buffer.from('\r\n')]), (reply) => {
      const end = reply.indexOf('\r\n')
      return [end === -1 ? 0 : end + 2, undefined]
    })
  }
  return {
    get: async (key) => (await getMany([key]))[0],
    getMany,
    set,
    async setMany(items) {
      await Promise.all(items.map(({ key, bytes }) => set(key, bytes)))
    },
    close: () => Promise.resolve(void socket.destroy()),
  }
}

function valuesIn(reply: Buffer): readonly [number, ReadonlyMap<string, Uint8Array>] {
  const found = new Map<string, Uint8Array>()
  for (let at = 0; ;) {
    const end = reply.indexOf('\r\n', at)
    if (end === -1) return [0, found]
    const [what, key = '', , length] = reply.toString('latin1', at, end).split(' ')
    if (what !== 'VALUE') return [end + 2, found]
    const from = end + 2
    const until = from + Number(length)
    if (reply.length < until + 2) return [0, found]
    found.set(key, reply.subarray(from, until))
    at = until + 2
  }
}
