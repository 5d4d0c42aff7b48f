import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { dataFolder } from './process-server.ts'
import { freePort, type OwnProcess, programAt, run, until, whenListening } from './processes.ts'
import { redisLauncher, startRedis } from './redis.ts'
import type { Launcher, Server } from './server.ts'

/** Three masters, and a replica of each. */
export interface RedisCluster extends Server {
  /** The ports of all six, in no particular order of their roles. */
  readonly ports: readonly number[]
  /** Ends one node at once. */
  killNode(port: number): Promise<void>
  restartNode(port: number): Promise<void>
  freezeNode(port: number): void
  thawNode(port: number): void
}

export const redisClusterLauncher: Launcher = {
  variable: 'REDIS_CLUSTER_URL',
  isHere: () => redisLauncher.isHere() && redisCli() !== undefined,
  install: () => redisLauncher.install(),
  start: ({ args = [] }) => startRedisCluster(args),
}

/** Starts a cluster; answers when all its slots are served. */
export async function startRedisCluster(args: readonly string[] = []): Promise<RedisCluster> {
  const folder = await dataFolder('redis-cluster')
  const nodes = new Map<number, OwnProcess>()
  const start = async (port: number): Promise<void> => {
    const path = join(folder.path, String(port))
    await mkdir(path, { recursive: true })
    const node = startRedis(port, path, [...clusterArgs, ...args])
    nodes.set(port, node)
    await whenListening(port, node)
  }
  const endAll = async (): Promise<void> => {
    await Promise.all([...nodes.values()].map((node) => node.end()))
  }
  try {
    while (nodes.size < 6) await start(await freePort())
    const ports = [...nodes.keys()]
    const addresses = ports.map((port) => `127.0.0.1:${port}`)
    await run(cli(), ['--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes'])
    for (const [port, node] of nodes) await until(`node ${port} sees the cluster`, () => isWell(port), node)
    return clusterOf(ports, nodes, start, endAll, () => folder.remove())
  } catch (error) {
    await endAll()
    await folder.remove()
    throw error
  }
}

const clusterArgs = [
  '--cluster-enabled',
  'yes',
  '--cluster-config-file',
  'nodes.conf',
  '--cluster-node-timeout',
  '2000',
  '--cluster-announce-ip',
  '127.0.0.1',
  '--repl-diskless-sync-delay',
  '0',
]

function clusterOf(
  ports: readonly number[],
  nodes: ReadonlyMap<number, OwnProcess>,
  start: (port: number) => Promise<void>,
  endAll: () => Promise<void>,
  remove: () => Promise<void>,
): RedisCluster {
  const [first] = ports as [number]
  const node = (port: number): OwnProcess => {
    const found = nodes.get(port)
    if (found === undefined) throw new Error(`no node of the cluster has port ${port}`)
    return found
  }
  return {
    ports,
    port: first,
    url: `redis://127.0.0.1:${first}?cluster=true`,
    kill: endAll,
    async restart() {
      await endAll()
      await Promise.all(ports.map(start))
      await until('the cluster is well again', () => isWell(first), node(first))
    },
    freeze: () => ports.forEach((port) => node(port).signal('SIGSTOP')),
    thaw: () => ports.forEach((port) => node(port).signal('SIGCONT')),
    async stop() {
      await endAll()
      await remove()
    },
    killNode: (port) => node(port).end(),
    restartNode: start,
    freezeNode: (port) => node(port).signal('SIGSTOP'),
    thawNode: (port) => node(port).signal('SIGCONT'),
  }
}

function redisCli(): string | undefined {
  return programAt('redis-cli') ?? programAt('valkey-cli')
}

function cli(): string {
  const path = redisCli()
  if (path === undefined) throw new Error('redis-cli is not here')
  return path
}

async function isWell(port: number): Promise<boolean> {
  const info = await run(cli(), ['-p', String(port), 'cluster', 'info'])
  if (!info.includes('cluster_state:ok')) return false
  const nodes = await run(cli(), ['-p', String(port), 'cluster', 'nodes'])
  return nodes.split('\n').filter((line) => line.includes('slave')).length === 3
}
