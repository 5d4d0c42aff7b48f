import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { withMachineLock } from './packages.ts'
import { dataFolder, processServer } from './process-server.ts'
import { adopt, freePort, isRoot, OwnProcess, programAt, type Running, whenListening } from './processes.ts'
import type { Launcher, Server, StartOptions } from './server.ts'

/*
 * `mongod` where it is installed; else an engine that speaks MongoDB's protocol, if a starter for one lies beside the
 * checkout; else what mongodb-memory-server can download.
 */

export const mongodbLauncher: Launcher = {
  variable: 'MONGODB_URL',
  isHere: () => mongod() !== undefined || hasEngine(),
  async install() {
    const { MongoBinary } = await import('mongodb-memory-server-core')
    downloaded = await MongoBinary.getPath()
  },
  start: (options) => (mongod() === undefined ? startEngine() : startMongod(options)),
}

const project = fileURLToPath(new URL('../../', import.meta.url))
const engineStarter = join(project, '../shared/servers/mongodb/start')
let downloaded: string | undefined

function mongod(): string | undefined {
  return programAt('mongod') ?? downloaded
}

function hasEngine(): boolean {
  return existsSync(engineStarter) && isRoot() && process.platform === 'linux'
}

async function startMongod({ args = [] }: StartOptions): Promise<Server> {
  const folder = await dataFolder('mongodb')
  const port = await freePort()
  return processServer({
    port,
    url: `mongodb://127.0.0.1:${port}/?directConnection=true`,
    async up() {
      const own = ['--port', String(port), '--bind_ip', '127.0.0.1', '--dbpath', folder.path]
      const started = new OwnProcess(mongod() ?? 'mongod', [...own, ...args])
      await whenListening(port, started)
      return started
    },
    remove: () => folder.remove(),
  })
}

/** The engine keeps its data while its gateway, which is all that a client sees, is killed and started again. */
async function startEngine(): Promise<Server> {
  const folder = await dataFolder('mongodb')
  const port = await freePort()
  // One at a time: the first on a machine unpacks the engine, which takes a minute or two.
  const { stdout } = await withMachineLock('mongodb', async () => {
    await mkdir(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), { recursive: true })
    return promisify(execFile)(engineStarter, [folder.path, String(port)], { cwd: project })
  })
  const [gateway, engine] =
    /^pids=(\d+) (\d+)$/m
      .exec(stdout)
      ?.slice(1)
      .map((pid) => adopt(Number(pid))) ?? []
  const enginePort = /^postgres=.*:(\d+)\//m.exec(stdout)?.[1]
  if (gateway === undefined || engine === undefined || enginePort === undefined) throw new Error(`engine: ${stdout}`)
  let ready: Running | undefined = gateway
  return processServer({
    port,
    url: `mongodb://127.0.0.1:${port}/?directConnection=true&retryWrites=false`,
    async up() {
      if (ready !== undefined) {
        const first = ready
        ready = undefined
        return first
      }
      const script = join(dirname(engineStarter), 'gateway.mjs')
      const again = new OwnProcess(process.execPath, [script, String(port), enginePort, project], { cwd: project })
      await whenListening(port, again)
      return again
    },
    async remove() {
      await engine.end()
      await folder.remove()
    },
  })
}
