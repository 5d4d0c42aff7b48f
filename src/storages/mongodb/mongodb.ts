import type { MongodbClient, MongodbDocument } from '../../clients/mongodb-client.ts'
import type { Leases, Storage, StoredItem } from '../../contracts/storage.ts'
import { parsePositiveDuration, type Duration } from '../../kernel/duration.ts'
import { CacheError, invalidOption } from '../../kernel/errors.ts'
import { Lifecycle } from '../lifecycle.ts'
import { bytesOf, DocumentCollection } from './document-collection.ts'
import { clearEntries, deleteEntries, expireEntries, getEntries, listKeys, type Listed, setEntries } from './entries.ts'
import { claimLeases, fulfilLeases, releaseLeases, renewLeases } from './leases.ts'
import { changeMarkers, ensureMarkers } from './markers.ts'
import { makeMongodbClient, type MongodbLimits } from './mongodb-driver.ts'
import { checkCollectionName, checkDatabaseName, databaseIn } from './mongodb-names.ts'
import { prepareSchema } from './mongodb-schema.ts'
import { readServerFigures } from './server-figures.ts'
import { withinLimit } from './within-limit.ts'

/** Where a MongoDB storage keeps its entries, and how. */
export type MongodbOptions = MongodbServer & {
  /** Name of the database. Default: the one in the URL, else `'tiercel'`. */
  readonly database?: string
  /** Name of the collection, which is for this alone. Default `'tiercel'`. */
  readonly collection?: string
  /**
   * Whether the collection and its index are made where they are missing. Default `true`. Without, make them yourself:
   * `tiercel schema mongodb` prints how.
   */
  readonly createSchema?: boolean
  readonly limits?: {
    /** How long is waited for a server to connect to. Default 5 s. */
    readonly connect?: Duration
    /** How long the server may take for one command. Past it the connection is given up. Default 5 s. */
    readonly command?: Duration
  }
}

/** A server by its URL, or a client of it. */
export type MongodbServer =
  | {
      /** `mongodb://…` or `mongodb+srv://…`, with everything that the driver takes in it. */
      readonly url: string
      /** How many connections there may be; each carries one command at a time. Default 10. */
      readonly poolSize?: number
      readonly client?: undefined
    }
  | {
      /** A `MongoClient` of the package `mongodb`, which the program closes itself. */
      readonly client: MongodbClient
      readonly url?: undefined
      readonly poolSize?: undefined
    }

/**
 * Keeps entries as documents of a MongoDB collection, one each, for all processes that name the same one.
 *
 * Times are on the server's clock. An expired entry is absent at once, though the server removes its document up to a
 * minute later. Everything is asked of the primary. There is no feed: change streams need a replica set.
 *
 * It needs the package `mongodb`, which is imported when the storage opens, unless a client is handed in.
 *
 * @throws CacheError `INVALID_OPTION` at once, for options that make no sense; when it opens, for a URL that the driver
 *   refuses, and for a collection that isn't ours; then also `UNSUPPORTED` without the driver, and for an
 *   entry of 16 MiB and more, which MongoDB doesn't take: nothing of that call is written.
 *
 * @example
 * const storage = mongodb({ url: 'mongodb://localhost:27017', database: 'shop', collection: 'cache' })
 */
export function mongodb(options: MongodbOptions): Storage {
  const plan = resolveOptions(options)
  const life = new Lifecycle<Opened>('mongodb', { open: () => open(plan), close: ({ close }) => close() })

  const now = (): Promise<number> => life.run(readClock)

  const leases: Leases = {
    claimMany: (claims) =>
      life.run(async (opened) => {
        const answers = await claimLeases(opened.documents, claims)
        const moment = answers.find((answer) => answer.now !== undefined)?.now
        const fallback = moment ?? (answers.length === 0 ? 0 : await readClock(opened))
        return answers.map((answer) => ({ ...answer, now: answer.now ?? fallback }))
      }),
    renewMany: (renewals) => life.run(({ documents }) => renewLeases(documents, renewals)),
    fulfilMany: (items) => life.run(({ documents }) => fulfilLeases(documents, fitting(items))),
    releaseMany: (released) => life.run(({ documents }) => releaseLeases(documents, released)),
  }

  async function* list(what: Listed, prefix: string): AsyncGenerator<readonly string[]> {
    for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
      const from = after
      const page = await life.run(({ documents }) => listKeys(documents, what, prefix, from))
      if (page.keys.length > 0) yield page.keys
      after = page.next
    }
  }

  return {
    kind: 'shared',
    type: 'mongodb',
    capabilities: {
      leases,
      markers: {
        ensureMany: (markers) => life.run(({ documents }) => ensureMarkers(documents, fitting(markers))),
        changeMany: (changes) => life.run(({ documents }) => changeMarkers(documents, fitting(changes))),
      },
      scan: { keys: (prefix) => list('entries', prefix), leases: (prefix) => list('leases', prefix) },
      time: { now },
      serverStats: {
        read: () =>
          life.run(({ command, documents }) =>
            readServerFigures(command, () => documents.run((collection) => collection.estimatedDocumentCount())),
          ),
      },
    },
    open: () => life.run(() => undefined),
    getMany: (keys) => life.run(({ documents }) => getEntries(documents, keys)),
    setMany: (items) => life.run(({ documents }) => setEntries(documents, fitting(items))),
    expireMany: (keys) => life.run(({ documents }) => expireEntries(documents, keys)),
    deleteMany: (keys) => life.run(({ documents }) => deleteEntries(documents, keys)),
    clear: (prefix) => life.run(({ documents }) => clearEntries(documents, prefix)),
    close: () => life.close(),
  }
}

interface Plan {
  readonly server: MongodbServer
  readonly database: string
  readonly collection: string
  readonly createSchema: boolean
  readonly poolSize: number
  readonly limits: MongodbLimits
}

interface Opened {
  readonly command: (command: MongodbDocument) => Promise<MongodbDocument>
  readonly documents: DocumentCollection
  readonly close: () => Promise<void>
}

function resolveOptions(options: MongodbOptions): Plan {
  const { url, client, poolSize = 10, collection = 'tiercel', createSchema = true, limits = {} } = options
  if (client === undefined && (typeof url !== 'string' || !/^mongodb(\+srv)?:\/\/./.test(url))) {
    // What came may have a password in it.
    throw new CacheError(
      'INVALID_OPTION',
      'mongodb: url: expected mongodb://… or mongodb+srv://…, or a `client` instead',
    )
  }
  if (client !== undefined && url !== undefined) throw invalidOption('mongodb: url', 'a `url` or a `client`', 'both')
  if (!Number.isInteger(poolSize) || poolSize < 1) {
    throw invalidOption('mongodb: poolSize', 'a number of connections, 1 or more', poolSize)
  }
  if (typeof createSchema !== 'boolean') throw invalidOption('mongodb: createSchema', 'true or false', createSchema)
  const database = options.database ?? databaseIn(url) ?? 'tiercel'
  return {
    server: options,
    database: checkDatabaseName(database),
    collection: checkCollectionName(collection),
    createSchema,
    poolSize,
    limits: {
      connect: parseLimit(limits.connect ?? '5s', 'mongodb: limits.connect'),
      command: parseLimit(limits.command ?? '5s', 'mongodb: limits.command'),
    },
  }
}

function parseLimit(duration: Duration, where: string): number {
  const milliseconds = parsePositiveDuration(duration, where)
  if (milliseconds <= 3_600_000) return milliseconds
  throw invalidOption(where, 'an hour at most', duration)
}

async function open({ server, database, collection, createSchema, poolSize, limits }: Plan): Promise<Opened> {
  const own = server.client === undefined ? await makeMongodbClient(server.url, poolSize, limits) : undefined
  const close = async (): Promise<void> => {
    // The driver takes leave of the server first, within a limit of its own.
    if (own !== undefined) await withinLimit(own.close(), 2 * limits.command)
  }
  try {
    await own?.connect()
    const db = (own ?? (server.client as MongodbClient)).db(database)
    const documents = new DocumentCollection(
      db.collection(collection, { readPreference: 'primary', promoteBuffers: true, timeoutMS: limits.command }),
      limits.command,
    )
    if (createSchema) await prepareSchema(documents, collection)
    const command = (what: MongodbDocument): Promise<MongodbDocument> =>
      withinLimit(db.command(what, { timeoutMS: limits.command }), limits.command)
    return { command, documents, close }
  } catch (error) {
    await close().catch(() => undefined)
    throw error
  }
}

async function readClock({ command }: Opened): Promise<number> {
  const { localTime } = await command({ hello: 1 })
  if (localTime instanceof Date) return localTime.getTime()
  throw new CacheError('STORAGE_UNAVAILABLE', 'mongodb: the server does not tell its time')
}

// What a document takes beyond its key and its bytes, generously.
const overhead = 4_096
const largestDocument = 16 << 20

function fitting<Item extends StoredItem>(items: readonly Item[]): readonly Item[] {
  for (const item of items) {
    const bytes = bytesOf(item) + item.header.length
    if (bytes + overhead <= largestDocument) continue
    throw new CacheError(
      'UNSUPPORTED',
      `mongodb: expected entries under 16 MiB, the limit of a document, got one of ${bytes} bytes: ` +
        'keep it elsewhere, in parts, or compressed',
    )
  }
  return items
}
