import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isRoot, programAt, run } from './processes.ts'

/**
 * Installs a package of Debian's, as root, unless told not to (`TIERCEL_INSTALL=never`). Services aren't started.
 * @throws if it can't, saying how to have it
 */
export async function installPackage(name: string): Promise<void> {
  const advice = `install ${name}`
  if (process.env['TIERCEL_INSTALL'] === 'never') throw new Error(`TIERCEL_INSTALL is 'never': ${advice}`)
  const apt = programAt('apt-get')
  if (apt === undefined || !isRoot()) throw new Error(`not root on a Debian: ${advice}`)
  process.stderr.write(`Installing ${name} for the tests (TIERCEL_INSTALL=never keeps them from it)\n`)
  await withMachineLock('apt', async () => {
    const env = ['DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', apt, '-qq', '-o', 'DPkg::Lock::Timeout=300']
    await run('/usr/bin/env', [...env, 'update'])
    await run('/usr/bin/env', [...env, 'install', '-y', '--no-install-recommends', name])
  })
}

/** Keeps the test processes of this machine out of each other's way. A lock that is ten minutes old is nobody's. */
export async function withMachineLock<Answer>(name: string, action: () => Promise<Answer>): Promise<Answer> {
  const path = join(tmpdir(), `tiercel-lock-${name}`)
  while (!tryLock(path)) await new Promise((resolve) => setTimeout(resolve, 100))
  try {
    return await action()
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
}

function tryLock(path: string): boolean {
  try {
    mkdirSync(path)
    return true
  } catch {
    if (existsSync(path) && Date.now() - statSync(path).mtimeMs > 600_000)
      rmSync(path, { recursive: true, force: true })
    return false
  }
}
