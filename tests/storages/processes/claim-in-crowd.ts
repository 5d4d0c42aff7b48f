// Fifty callers of one process want the lease of one key, again and again; whoever has it reads, adds one, and writes.
import { openAt } from './open-at.ts'
import { fulfil, texts } from '../items.ts'
import { say } from './say.ts'

const [path = '', me = '', rounds = '', pause = '20'] = process.argv.slice(2)
const storage = openAt(path)
const leases = storage.capabilities.leases!
await storage.open()
say('ready')
process.stdin.once('data', () => void crowd())

async function crowd(): Promise<void> {
  await Promise.all(Array.from({ length: 50 }, (_, caller) => count(`${me}:${caller}`)))
  await storage.close()
  process.stdin.pause()
}

async function count(caller: string): Promise<void> {
  for (let round = 0; round < Number(rounds); round++) {
    const token = `${caller}:${round}`
    while (!(await isClaimed(token))) await new Promise((resolve) => setTimeout(resolve, Math.random() * Number(pause)))
    const [before = '0'] = await texts(storage, 'counter')
    // Somebody else between these two lines would be lost, or counted twice.
    await new Promise((resolve) => setImmediate(resolve))
    const written = await fulfil(storage, 'counter', token, `${Number(before) + 1}`)
    say(written ? `wrote ${Number(before) + 1}` : 'refused')
  }
}

async function isClaimed(token: string): Promise<boolean> {
  const [answer] = await leases.claimMany([{ key: 'counter', token, life: 60_000 }])
  return answer?.won === true
}
