/**
 * What we call of a `MongoClient` of the package `mongodb`. It connects by itself, and again after it has lost its
 * server.
 */
export interface MongodbClient {
  db(name?: string): MongodbDatabase
}

/** A database, as far as we need one. */
export interface MongodbDatabase {
  collection(name: string, options?: MongodbCollectionOptions): MongodbCollection
  command(command: MongodbDocument, options?: { readonly timeoutMS?: number }): Promise<MongodbDocument>
}

/** What holds for every operation on a collection. */
export interface MongodbCollectionOptions {
  /** Others may lag behind it, and would bring back what was invalidated. */
  readonly readPreference?: 'primary'
  /** Milliseconds for an operation. Drivers before 6.10 don't know it. */
  readonly timeoutMS?: number
  /** Binary fields come as buffers. */
  readonly promoteBuffers?: boolean
}

/** The dozen operations that a collection is used with. */
export interface MongodbCollection {
  find(filter: MongodbDocument, options?: MongodbFindOptions): { toArray(): Promise<MongodbDocument[]> }
  findOneAndUpdate(
    filter: MongodbDocument,
    update: MongodbDocument[],
    options: {
      readonly upsert?: boolean
      readonly returnDocument: 'after'
      readonly projection?: MongodbDocument
      readonly includeResultMetadata: false
    },
  ): Promise<MongodbDocument | null>
  findOneAndDelete(
    filter: MongodbDocument,
    options: { readonly projection?: MongodbDocument; readonly includeResultMetadata: false },
  ): Promise<MongodbDocument | null>
  bulkWrite(
    operations: MongodbWrite[],
    options: { readonly ordered: boolean },
  ): Promise<{ readonly matchedCount: number; readonly deletedCount: number }>
  deleteMany(filter: MongodbDocument): Promise<{ readonly deletedCount: number }>
  createIndex(keys: Record<string, 1 | -1>, options: MongodbIndexOptions): Promise<string>
  listIndexes(): { toArray(): Promise<MongodbDocument[]> }
  estimatedDocumentCount(): Promise<number>
}

/** A document, a filter, a stage of a pipeline: BSON is not typed. */
export type MongodbDocument = Record<string, unknown>

/** How to find. */
export interface MongodbFindOptions {
  readonly projection?: MongodbDocument
  readonly sort?: Record<string, 1 | -1>
  readonly skip?: number
  readonly limit?: number
  readonly batchSize?: number
}

/** One operation of a bulk write. Updates are pipelines, so that the server's clock can be asked. */
export type MongodbWrite =
  | {
      readonly updateOne: {
        readonly filter: MongodbDocument
        readonly update: MongodbDocument[]
        readonly upsert?: boolean
      }
    }
  | { readonly deleteOne: { readonly filter: MongodbDocument } }

/** How an index is to be. */
export interface MongodbIndexOptions {
  readonly name: string
  readonly expireAfterSeconds: number
}

/** The server's number for what went wrong: 11000 a duplicate key, 85 and 86 another index of the name, … */
export function mongodbCodeOf(error: unknown): number | undefined {
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'number' ? code : undefined
}
