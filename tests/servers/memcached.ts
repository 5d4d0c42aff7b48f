import { installPackage } from './packages.ts'
import { processServer } from './process-server.ts'
import { freePort, isRoot, OwnProcess, programAt, whenListening } from './processes.ts'
import type { Launcher } from './server.ts'

export const memcachedLauncher: Launcher = {
  variable: 'MEMCACHED_URL',
  isHere: () => programAt('memcached') !== undefined,
  install: () => installPackage('memcached'),
  async start({ args = [] }) {
    const port = await freePort()
    const asRoot = isRoot() ? ['-u', 'root'] : []
    return processServer({
      port,
      url: `memcached://127.0.0.1:${port}`,
      async up() {
        const own = [...asRoot, '-l', '127.0.0.1', '-p', String(port), '-U', '0', '-m', '64', '-I', '8m']
        const started = new OwnProcess(programAt('memcached') ?? 'memcached', [...own, ...args])
        await whenListening(port, started)
        return started
      },
      remove: () => Promise.resolve(),
    })
  },
}
