import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { readManifest, root } from '../architecture/project.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

test('the command of the package is built from this file', () => {
  expect(readManifest()).toMatchObject({ bin: { tiercel: './dist/cli/main.js' } })
})

test('figures go to standard output, progress to standard error', async () => {
  const { stdout, stderr, exitCode } = await tiercel(['simulate', 'zipf:1:100:1000', '--sizes', '5%,10%'])
  expect(exitCode).toBe(0)
  expect(stdout).toContain('zipf:1:100:1000: 1,000 requests')
  // A pipe shows no colours.
  expect(stdout).not.toContain('\u001b')
  expect(stderr).toMatch(/^zipf:1:100:1000: 1,000 requests in [\d.]+ s\n$/)
})

test('colours are there for whoever wants them', async () => {
  const { stdout } = await tiercel(['simulate', 'zipf:1:100:1000', '--sizes', '5'], { FORCE_COLOR: '1' })
  expect(stdout).toContain('\u001b[')
})

test('what is piped in is read', async () => {
  const { stdout } = await tiercel(['simulate', '-', '--json', '-', '--sizes', '1', '-q'], {}, 'a\nb\nb\n')
  expect(JSON.parse(stdout)).toMatchObject([{ trace: 'standard input', requests: 3, keys: 2 }])
})

test('a reader that has read enough is no trouble', async () => {
  const child = start(['simulate', 'zipf:1:100:1000', 'zipf:1:100:2000', '-q'])
  child.stdout.destroy()
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0)
})

test.each([
  [['--help'], 0, 'tiercel simulate TRACE…'],
  [['simulate', '--help'], 0, 'Examples'],
  [['--version'], 0, `${versionOfManifest()}\n`],
  [[], 2, 'tiercel simulate TRACE…'],
  [['bogus'], 2, 'tiercel: there is no command bogus; see tiercel --help'],
  [['simulate', 'nowhere'], 1, 'tiercel simulate: nowhere: there is no such file'],
])('%j', async (parameters, exitCode, said) => {
  const done = await tiercel(parameters)
  expect(done.exitCode).toBe(exitCode)
  expect(exitCode === 0 ? done.stdout : done.stderr).toContain(said)
  expect(exitCode === 0 ? done.stderr : done.stdout).toBe('')
})

interface Done {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: unknown
}

async function tiercel(
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  input = '',
): Promise<Done> {
  const child = start(parameters, environment)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  child.stdin.end(input)
  const exitCode = await new Promise((resolve) => child.on('close', resolve))
  return { stdout, stderr, exitCode }
}

function start(
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): ChildProcessWithoutNullStreams {
  const env = { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1', NODE_OPTIONS: '', ...environment }
  return spawn(process.execPath, ['--import', 'tsx', main, ...parameters], { cwd: root, env })
}

function versionOfManifest(): string {
  return (readManifest() as unknown as { readonly version: string }).version
}
