import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { installPackage } from './packages.ts'
import { dataFolder, processServer } from './process-server.ts'
import { freePort, isRoot, OwnProcess, programAt, run, until, whenListening } from './processes.ts'
import type { Launcher } from './server.ts'

const user = 'postgres'

export const postgresLauncher: Launcher = {
  variable: 'POSTGRES_URL',
  isHere: () => programAt('initdb') !== undefined && programAt('postgres') !== undefined,
  install: () => installPackage('postgresql'),
  async start({ args = [] }) {
    const folder = await dataFolder('postgres')
    const data = join(folder.path, 'data')
    const port = await freePort()
    await mkdir(data, { mode: 0o700 })
    if (isRoot()) {
      await chmod(folder.path, 0o755)
      await run('/bin/chown', ['-R', `${user}:${user}`, folder.path])
    }
    await run(programAt('initdb') ?? 'initdb', [...initArguments, '-D', data], { user, cwd: folder.path })
    return processServer({
      port,
      url: `postgresql://${user}@127.0.0.1:${port}/postgres`,
      async up() {
        const own = [...serverArguments, '-D', data, '-p', String(port), '-c', `unix_socket_directories=${folder.path}`]
        const started = new OwnProcess(programAt('postgres') ?? 'postgres', [...own, ...args], {
          user,
          cwd: folder.path,
        })
        await whenListening(port, started)
        // It takes connections before it answers, while it makes up for a crash.
        await until('postgres answers', () => isReady(port), started)
        return started
      },
      remove: () => folder.remove(),
    })
  },
}

const initArguments = ['-U', user, '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync']
const serverArguments = ['-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off']

async function isReady(port: number): Promise<boolean> {
  const probe = new OwnProcess(programAt('pg_isready') ?? 'pg_isready', ['-q', '-h', '127.0.0.1', '-p', String(port)])
  return (await probe.finish()) === 0
}
