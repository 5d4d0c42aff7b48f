// In a thread of its own: deletes an entry of a file, and tells of it over a bus between threads.
import { workerData } from 'node:worker_threads'
import { channelBus, withBus } from '../../../src/doors/index.ts'
import { sqlite } from '../../../src/storages/sql/sqlite/sqlite.ts'

const { path, channel } = workerData as { readonly path: string; readonly channel: string }
const storage = withBus(sqlite({ path }), channelBus(channel))
await storage.deleteMany(['shop:a'])
await storage.close()
