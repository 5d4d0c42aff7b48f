import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { installPackage } from './packages.ts'
import { dataFolder, processServer } from './process-server.ts'
import { freePort, OwnProcess, programAt, run, whenListening } from './processes.ts'
import type { Launcher } from './server.ts'

/** MariaDB: a MySQL server of its own is used when `MYSQL_URL` names one. */
export const mysqlLauncher: Launcher = {
  variable: 'MYSQL_URL',
  isHere: () => programAt('mariadbd') !== undefined && programAt('mariadb-install-db') !== undefined,
  install: () => installPackage('mariadb-server'),
  async start({ args = [] }) {
    const folder = await dataFolder('mysql')
    const port = await freePort()
    const data = join(folder.path, 'data')
    const temporary = join(folder.path, 'tmp')
    const common = ['--no-defaults', '--user=root', `--datadir=${data}`]
    await mkdir(data)
    await mkdir(temporary)
    await run(programAt('mariadb-install-db') ?? 'mariadb-install-db', [
      ...common,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      '--skip-name-resolve',
    ])
    return processServer({
      port,
      url: `mysql://root@127.0.0.1:${port}/mysql`,
      async up() {
        const own = [
          ...common,
          `--tmpdir=${temporary}`,
          `--socket=${join(folder.path, 'socket')}`,
          `--pid-file=${join(folder.path, 'pid')}`,
          '--bind-address=127.0.0.1',
          `--port=${port}`,
          '--skip-log-bin',
          '--innodb-flush-log-at-trx-commit=0',
          '--skip-name-resolve',
        ]
        const started = new OwnProcess(programAt('mariadbd') ?? 'mariadbd', [...own, ...args], { cwd: folder.path })
        await whenListening(port, started)
        return started
      },
      remove: () => folder.remove(),
    })
  },
}
