import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { blocksOf, contentOf, pages } from './blocks.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const blocks = pages().flatMap((page) => blocksOf(page))
// What needs a server that may not be here compiles, and says so by `no-run`.
const programs = blocks.filter(({ info }) => info === 'ts' || info === 'ts no-run')

// Inside the checkout, so that `tiercel` is found as it is in examples.
const folder = join(root, 'tests/docs/.blocks')
const elsewhere = mkdtempSync(join(tmpdir(), 'tiercel-docs-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
  rmSync(elsewhere, { recursive: true, force: true })
})

mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
const files = programs.map(({ page, line, info, code }) => {
  const file = join(folder, `${page.replaceAll(/[/.]/g, '-')}-${line}.ts`)
  writeFileSync(file, `${code}\nexport {}\n`)
  return { name: `${page}:${line}`, file, runs: info === 'ts' }
})

test('the pages have programs in them', () => {
  expect(programs.length).toBeGreaterThan(10)
})

test('every program of the documentation compiles', () => {
  const config = join(folder, 'tsconfig.json')
  const options = { noUnusedLocals: false, noUnusedParameters: false, composite: false }
  writeFileSync(
    config,
    JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions: options, include: ['*.ts'], exclude: [] }),
  )
  const { stdout, status } = spawnSync('node_modules/.bin/tsc', ['-p', config, '--noEmit'], {
    cwd: root,
    encoding: 'utf8',
  })
  expect(stdout).toBe('')
  expect(status).toBe(0)
})

describe('every program of the documentation runs', () => {
  test.each(files.filter(({ runs }) => runs))(
    '$name',
    ({ file }) => {
      const tsx = join(root, 'node_modules/tsx/dist/loader.mjs')
      const parameters = ['--import', tsx, file]
      const environment = { ...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json'), NODE_OPTIONS: '' }
      const { stderr, status } = spawnSync(process.execPath, parameters, {
        cwd: elsewhere,
        encoding: 'utf8',
        timeout: 20_000,
        env: environment,
      })
      expect({ status, stderr: stderr.includes('Error') ? stderr : '' }).toEqual({ status: 0, stderr: '' })
    },
    30_000,
  )
})

test('what is quoted from a file stands in it', () => {
  const excerpts = blocks.filter(({ info }) => info.includes('excerpt='))
  expect(excerpts.length).toBeGreaterThan(0)
  for (const { info, code } of excerpts) {
    const path = info.slice(info.indexOf('excerpt=') + 'excerpt='.length)
    expect(contentOf(path)).toContain(code)
  }
})

test('every link leads somewhere', () => {
  for (const page of pages()) {
    for (const [, target = ''] of contentOf(page).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
      if (/^\w+:/.test(target)) continue
      expect(existsSync(join(root, dirname(page), target)), `${page} links to ${target}`).toBe(true)
    }
  }
})
