import {
  mongodbCodeOf,
  type MongodbCollection,
  type MongodbDocument,
  type MongodbWrite,
} from '../../clients/mongodb-client.ts'
import type { StoredItem } from '../../contracts/storage.ts'
import { batches } from './batches.ts'
import { documentId } from './document-id.ts'
import { withinLimit } from './within-limit.ts'

/** Somebody else may be quicker now and then; so often in a row he isn't. */
export const mostAttempts = 10

/** What is to become of documents, and what to say of them afterwards. */
export interface Change<Thing> {
  readonly filter: (thing: Thing) => MongodbDocument
  readonly update: (thing: Thing) => MongodbDocument[]
  readonly upsert?: true
  readonly projection: MongodbDocument
}

/**
 * A collection by the keys of its documents: few commands for many of them, and a limit for each command.
 *
 * What runs between two commands is nobody's to know. Conditions are part of the updates themselves, and what a bulk of
 * them did is read back; where somebody came in between, the answer is the careful one.
 */
export class DocumentCollection {
  readonly #collection: MongodbCollection
  readonly #timeLimit: number

  /** @param timeLimit milliseconds for a command */
  constructor(collection: MongodbCollection, timeLimit: number) {
    this.#collection = collection
    this.#timeLimit = timeLimit
  }

  /** What is there of some keys. */
  async read(keys: readonly string[], projection: MongodbDocument): Promise<ReadonlyMap<string, MongodbDocument>> {
    const keyOf = new Map(keys.map((key) => [documentId(key)._id, key]))
    const pages = batches([...keyOf.keys()]).map((ids) => {
      const filter = ids.length === 1 ? { _id: ids[0] } : { _id: { $in: [...ids] } }
      return this.run((collection) => collection.find(filter, { projection, batchSize: ids.length }).toArray())
    })
    const documents = (await Promise.all(pages)).flat()
    return new Map(documents.map((document) => [keyOf.get(document['_id'] as string) ?? '', document]))
  }

  /** Updates documents in the order given, and reads what has become of them: one alone in one step. */
  async change<Thing extends { readonly key: string; readonly payload?: Uint8Array }>(
    things: readonly Thing[],
    { filter, update, upsert = false, projection }: Omit<Change<Thing>, 'upsert'> & { readonly upsert?: boolean },
  ): Promise<ReadonlyMap<string, MongodbDocument>> {
    const [only] = things
    if (only !== undefined && things.length === 1) {
      const options = { upsert, returnDocument: 'after', projection, includeResultMetadata: false } as const
      const document = await this.run((collection) => collection.findOneAndUpdate(filter(only), update(only), options))
      return new Map(document === null ? [] : [[only.key, document]])
    }
    for (const batch of batches(things, bytesOf)) {
      await this.write(batch.map((thing) => ({ updateOne: { filter: filter(thing), update: update(thing), upsert } })))
    }
    return this.read(
      things.map(({ key }) => key),
      projection,
    )
  }

  /**
   * Deletes, then updates, in the order given.
   * @returns how many of the writes found their document
   */
  async write(writes: readonly MongodbWrite[]): Promise<number> {
    if (writes.length === 0) return 0
    // A bulk is a command for each stretch of one kind.
    const sorted = [
      ...writes.filter((write) => 'deleteOne' in write),
      ...writes.filter((write) => 'updateOne' in write),
    ]
    const { matchedCount, deletedCount } = await this.run((collection) =>
      collection.bulkWrite(sorted, { ordered: true }),
    )
    return matchedCount + deletedCount
  }

  /** @throws CacheError `STORAGE_UNAVAILABLE` if it takes too long; else what the driver throws */
  async run<Answer>(command: (collection: MongodbCollection) => Promise<Answer>): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await withinLimit(command(this.#collection), this.#timeLimit)
      } catch (error) {
        if (!hasCollided(error) || attempt === mostAttempts) throw error
      }
    }
  }
}

/**
 * Of two who insert a document at once, one may be refused, and finds it there the next time. MongoDB says that the key
 * is a duplicate; DocumentDB, where the insert was to become an update, that it has no `$$NOW` for it.
 */
function hasCollided(error: unknown): boolean {
  const code = mongodbCodeOf(error)
  return code === 11_000 || (code === 9 && error instanceof Error && error.message.includes('$$NOW'))
}

/** A filter for the document of a key. */
export function at(key: string): MongodbDocument {
  return { _id: documentId(key)._id }
}

/** About how many bytes an item takes on the wire. */
export function bytesOf({ key, payload }: Pick<StoredItem, 'key'> & Partial<StoredItem>): number {
  return key.length + (payload?.length ?? 0)
}
