// Makes a checkout ready to run: checks Node, and installs the dependencies when they are missing or older than
// the lock file. Depends on nothing but Node, because it runs before anything is installed. Says nothing when
// there is nothing to do.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const lock = `${root}package-lock.json`
const stamp = `${root}node_modules/.tiercel-ready`
// npm writes this one last, so an install that was interrupted doesn't have it.
const installed = `${root}node_modules/.package-lock.json`

if (!isSupported(process.versions.node)) {
  const { engines } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
  fail(`Tiercel needs Node ${engines.node}, and this is Node ${process.versions.node}. Please switch and try again.`)
}

const digest = createHash('sha256').update(readFileSync(lock)).digest('hex')
if (!isReady()) {
  if (!isInstalledByHand()) install()
  writeFileSync(stamp, digest)
}

function isSupported(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major === 20) return minor >= 19
  if (major === 22) return minor >= 12
  return major > 22
}

function isReady() {
  return existsSync(installed) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest
}

function isInstalledByHand() {
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs
}

function install() {
  console.log(`Installing the dependencies (${existsSync(installed) ? 'the lock file has changed' : 'first run'}) …`)
  // --include=dev, or NODE_ENV=production would leave the tools out.
  const options = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
  const npm = process.env['npm_execpath']
  const { status, error } =
    npm === undefined
      ? spawnSync('npm', options, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' })
      : spawnSync(process.execPath, [npm, ...options], { cwd: root, stdio: 'inherit' })
  if (status !== 0)
    fail(`Installing failed${error ? ` (${error.message})` : ''}. See what npm says above; then try again.`)
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
