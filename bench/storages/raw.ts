/** A server's own client, used as plainly as possible: what the same thing costs without a cache. */
export interface Raw {
  get(key: string): Promise<Uint8Array | undefined>
  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]>
  set(key: string, bytes: Uint8Array): Promise<void>
  /** In as few round trips as the server's own documents advise. */
  setMany(items: readonly { readonly key: string; readonly bytes: Uint8Array }[]): Promise<void>
  close(): Promise<void>
}

const hour = 3_600_000

/** ioredis: GET, MGET, SET PX, a pipeline. */
export async function rawIoredis(url: string): Promise<Raw> {
  const { Redis } = await import('ioredis')
  const client = new Redis(url)
  return {
    get: async (key) => (await client.getBuffer(key)) ?? undefined,
    getMany: async (keys) => (await client.mgetBuffer(...keys)).map((found) => found ?? undefined),
    async set(key, bytes) {
      await client.set(key, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), 'PX', hour)
    },
    async setMany(items) {
      const pipeline = client.pipeline()
      for (const { key, bytes } of items) pipeline.set(key, Buffer.from(bytes), 'PX', hour)
      await pipeline.exec()
    },
    close: () => Promise.resolve(client.disconnect()),
  }
}

/** node-redis: GET, MGET, SET PX, all of a turn as one write. */
export async function rawNodeRedis(url: string): Promise<Raw> {
  const { createClient, RESP_TYPES } = await import('@redis/client')
  const plain = createClient({ url })
  plain.on('error', () => {})
  await plain.connect()
  const client = plain.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
  const set = async (key: string, bytes: Uint8Array): Promise<void> => {
    await client.set(key, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), {
      expiration: { type: 'PX', value: hour },
    })
  }
  return {
    get: async (key) => (await client.get(key)) ?? undefined,
    getMany: async (keys) => (await client.mGet([...keys])).map((found) => found ?? undefined),
    set,
    async setMany(items) {
      await Promise.all(items.map(({ key, bytes }) => set(key, bytes)))
    },
    close: () => Promise.resolve(plain.destroy()),
  }
}

/** A cluster through ioredis: one GET per key, since keys of other slots can't go in one command. */
export async function rawCluster(url: string): Promise<Raw> {
  const { Cluster } = await import('ioredis')
  const { hostname, port } = new URL(url)
  const client = new Cluster([{ host: hostname, port: Number(port) }])
  const get = async (key: string): Promise<Uint8Array | undefined> => (await client.getBuffer(key)) ?? undefined
  const set = async (key: string, bytes: Uint8Array): Promise<void> => {
    await client.set(key, Buffer.from(bytes), 'PX', hour)
  }
  return {
    get,
    getMany: (keys) => Promise.all(keys.map(get)),
    set,
    async setMany(items) {
      await Promise.all(items.map(({ key, bytes }) => set(key, bytes)))
    },
    close: () => Promise.resolve(client.disconnect()),
  }
}

/** pg: a table with a text key and a bytea. */
export async function rawPostgres(url: string): Promise<Raw> {
  const { Pool } = await import('pg')
  const pool = new Pool({ connectionString: url })
  await pool.query('DROP TABLE IF EXISTS raw; CREATE TABLE raw (key text PRIMARY KEY, value bytea)')
  const write = async (items: readonly { readonly key: string; readonly bytes: Uint8Array }[]): Promise<void> => {
    await pool.query(
      `INSERT INTO raw SELECT * FROM unnest($1::text[], $2::bytea[])
       ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
      [items.map(({ key }) => key), items.map(({ bytes }) => Buffer.from(bytes))],
    )
  }
  return {
    async get(key) {
      const { rows } = await pool.query<{ value: Buffer }>('SELECT value FROM raw WHERE key = $1', [key])
      return rows[0]?.value
    },
    async getMany(keys) {
      const text = 'SELECT key, value FROM raw WHERE key = ANY($1)'
      const { rows } = await pool.query<{ key: string; value: Buffer }>(text, [keys])
      return inOrder(keys, rows)
    },
    set: (key, bytes) => write([{ key, bytes }]),
    setMany: write,
    close: () => pool.end(),
  }
}

/** mysql2: a table with a binary key and a blob. */
export async function rawMysql(url: string): Promise<Raw> {
  const { createPool } = await import('mysql2/promise')
  const pool = createPool(url)
  await pool.query('DROP TABLE IF EXISTS raw')
  await pool.query('CREATE TABLE raw (k VARBINARY(255) PRIMARY KEY, v LONGBLOB)')
  const write = async (items: readonly { readonly key: string; readonly bytes: Uint8Array }[]): Promise<void> => {
    await pool.query('INSERT INTO raw (k, v) VALUES ? ON DUPLICATE KEY UPDATE v = VALUES(v)', [
      items.map(({ key, bytes }) => [key, Buffer.from(bytes)]),
    ])
  }
  const read = async (keys: readonly string[]): Promise<readonly { key: string; value: Uint8Array }[]> => {
    const [rows] = await pool.query('SELECT k, v FROM raw WHERE k IN (?)', [keys])
    return (rows as { k: Buffer; v: Buffer }[]).map(({ k, v }) => ({ key: k.toString(), value: v }))
  }
  return {
    get: async (key) => (await read([key]))[0]?.value,
    getMany: async (keys) => inOrder(keys, await read(keys)),
    set: (key, bytes) => write([{ key, bytes }]),
    setMany: write,
    close: () => pool.end(),
  }
}

/** The driver of MongoDB: documents with a text key and a binary. */
export async function rawMongodb(url: string): Promise<Raw> {
  const { Binary, MongoClient } = await import('mongodb')
  const client = await MongoClient.connect(url)
  const collection = client.db('raw').collection<{ _id: string; value: InstanceType<typeof Binary> }>('raw')
  await collection.deleteMany({})
  return {
    get: async (key) => (await collection.findOne({ _id: key }))?.value.buffer,
    async getMany(keys) {
      const rows = await collection.find({ _id: { $in: [...keys] } }).toArray()
      return inOrder(
        keys,
        rows.map(({ _id, value }) => ({ key: _id, value: value.buffer })),
      )
    },
    async set(key, bytes) {
      await collection.updateOne({ _id: key }, { $set: { value: new Binary(bytes) } }, { upsert: true })
    },
    async setMany(items) {
      await collection.bulkWrite(
        items.map(({ key, bytes }) => ({
          updateOne: { filter: { _id: key }, update: { $set: { value: new Binary(bytes) } }, upsert: true },
        })),
        { ordered: false },
      )
    },
    close: () => client.close(),
  }
}

function inOrder(
  keys: readonly string[],
  rows: readonly { readonly key: string; readonly value: Uint8Array }[],
): readonly (Uint8Array | undefined)[] {
  const found = new Map(rows.map(({ key, value }) => [key, value]))
  return keys.map((key) => found.get(key))
}
