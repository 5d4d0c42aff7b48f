import { installPackage } from './packages.ts'
import { dataFolder, processServer } from './process-server.ts'
import { freePort, OwnProcess, programAt, whenListening } from './processes.ts'
import type { Launcher } from './server.ts'

const program = (): string | undefined => programAt('redis-server') ?? programAt('valkey-server')

export const redisLauncher: Launcher = {
  variable: 'REDIS_URL',
  isHere: () => program() !== undefined,
  install: () => installPackage('redis-server'),
  async start({ args = [] }) {
    const folder = await dataFolder('redis')
    const port = await freePort()
    return processServer({
      port,
      url: `redis://127.0.0.1:${port}`,
      async up() {
        const started = startRedis(port, folder.path, args)
        await whenListening(port, started)
        return started
      },
      remove: () => folder.remove(),
    })
  },
}

/** One process of Redis that keeps nothing on the disk. */
export function startRedis(port: number, folder: string, args: readonly string[]): OwnProcess {
  const own = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no']
  return new OwnProcess(program() ?? 'redis-server', [...own, '--enable-debug-command', 'yes', ...args], {
    cwd: folder,
  })
}
