import { mongodbCodeOf, type MongodbDocument } from '../../clients/mongodb-client.ts'
import type { ServerFigures } from '../../contracts/storage.ts'

/** Commands that a server doesn't have, or doesn't let this user give. */
const refusals = [13, 59]

/** MongoDB counts neither hits nor misses, and evicts nothing: documents go when their time is up. */
export async function readServerFigures(
  command: (command: MongodbDocument) => Promise<MongodbDocument>,
  countDocuments: () => Promise<number>,
): Promise<ServerFigures> {
  const [memoryBytes, keyCount] = await Promise.all([readMemory(command), countDocuments()])
  return {
    hitCount: undefined,
    missCount: undefined,
    hitRate: undefined,
    evictionCount: undefined,
    memoryBytes,
    keyCount,
  }
}

async function readMemory(
  command: (command: MongodbDocument) => Promise<MongodbDocument>,
): Promise<number | undefined> {
  try {
    const { mem } = await command({ serverStatus: 1, repl: 0, metrics: 0, locks: 0 })
    const { resident } = (mem ?? {}) as { readonly resident?: unknown }
    // It counts in mebibytes.
    return typeof resident === 'number' ? resident * 2 ** 20 : undefined
  } catch (error) {
    if (refusals.includes(mongodbCodeOf(error) ?? 0)) return undefined
    throw error
  }
}
