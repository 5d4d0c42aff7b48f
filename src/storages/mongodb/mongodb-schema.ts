import { mongodbCodeOf, type MongodbDocument } from '../../clients/mongodb-client.ts'
import { CacheError } from '../../kernel/errors.ts'
import type { DocumentCollection } from './document-collection.ts'
import { layoutVersion } from './documents.ts'

/*
 * What a collection needs is one index, by which the server removes what has ended. Its name carries the version of the
 * layout: it is also how a collection of ours is told from somebody else's.
 */

const indexKeys = { dropAt: 1 } as const
const indexOptions = { name: `tiercel_${layoutVersion}_dropAt`, expireAfterSeconds: 0 }

/**
 * Makes the collection and its index where they are missing.
 * @throws CacheError `INVALID_OPTION` for a collection that holds documents and isn't ours, which is left as it was, or
 *   whose strings compare by the rules of a language
 */
export async function prepareSchema(documents: DocumentCollection, name: string): Promise<void> {
  const some = await documents.run((collection) => collection.find({}, { projection: { _id: 1 }, limit: 1 }).toArray())
  if (some.length === 0) await createIndex(documents, name)
  const indexes = await documents.run((collection) => collection.listIndexes().toArray())
  if (!indexes.some(isOurs)) throw refused(name, 'holds documents that are no cache of Tiercel')
  if (indexes.some((index) => index['name'] === '_id_' && index['collation'] !== undefined)) {
    throw refused(name, 'has a collation, under which different keys may be equal')
  }
}

/** What makes the collection and its index, as a script for `mongosh`. */
export function mongodbSchema(database: string, collection: string): string {
  return `db.getSiblingDB(${JSON.stringify(database)}).getCollection(${JSON.stringify(collection)}).createIndex(
  ${JSON.stringify(indexKeys)},
  ${JSON.stringify(indexOptions)}
);
`
}

async function createIndex(documents: DocumentCollection, name: string): Promise<void> {
  try {
    await documents.run((collection) => collection.createIndex({ ...indexKeys }, indexOptions))
  } catch (cause) {
    const code = mongodbCodeOf(cause)
    if (code === 85 || code === 86)
      throw refused(name, `has another index over dropAt, or called ${indexOptions.name}`, cause)
    throw cause
  }
}

function isOurs({ name, expireAfterSeconds }: MongodbDocument): boolean {
  return name === indexOptions.name && Number(expireAfterSeconds) === 0
}

function refused(name: string, what: string, cause?: unknown): CacheError {
  return new CacheError(
    'INVALID_OPTION',
    `mongodb: the collection ${JSON.stringify(name)} ${what}: give another \`collection\``,
    ...(cause === undefined ? [] : [{ cause }]),
  )
}
