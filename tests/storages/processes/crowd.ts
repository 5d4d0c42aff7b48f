import type { Storage } from '../../../src/contracts/storage.ts'
import { fulfil, texts } from '../items.ts'
import { say } from './say.ts'

/** Fifty callers want the lease of one key, again and again; whoever has it reads, adds one, and writes. */
export async function crowd(storage: Storage, me: string, rounds: number): Promise<void> {
  await storage.open()
  say('ready')
  await new Promise((resolve) => process.stdin.once('data', resolve))
  await Promise.all(Array.from({ length: 50 }, (_, caller) => count(storage, `${me}:${caller}`, rounds)))
  await storage.close()
  process.stdin.pause()
}

async function count(storage: Storage, caller: string, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const token = `${caller}:${round}`
    while (!(await isClaimed(storage, token))) await new Promise((resolve) => setTimeout(resolve, Math.random() * 20))
    const [before = '0'] = await texts(storage, 'counter')
    // Somebody else between these two lines would be lost, or counted twice.
    await new Promise((resolve) => setImmediate(resolve))
    const written = await fulfil(storage, 'counter', token, `${Number(before) + 1}`)
    say(written ? `wrote ${Number(before) + 1}` : 'refused')
  }
}

async function isClaimed(storage: Storage, token: string): Promise<boolean> {
  const [answer] = (await storage.capabilities.leases?.claimMany([{ key: 'counter', token, life: 60_000 }])) ?? []
  return answer?.won === true
}
