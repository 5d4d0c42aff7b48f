import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Client } from '../../examples/git-explorer/demo/client.ts'
import { percentile } from '../../examples/git-explorer/demo/figures.ts'
import { zipf } from '../../examples/git-explorer/demo/zipf.ts'
import { type Explorer, openExplorer } from '../../examples/git-explorer/explorer.ts'
import { html } from '../../examples/git-explorer/html.ts'
import { generateRepository, git, temporaryFolder } from './generated-repository.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

describe('the demo', { timeout: 30_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>
  let repository: string
  beforeAll(async () => {
    folder = temporaryFolder()
    repository = join(folder.path, 'repository')
    await generateRepository(repository, 120)
  })
  afterAll(() => folder.remove())

  test('measures what it claims, and leaves the repository as it was', async () => {
    const before = git(repository, 'for-each-ref') + git(repository, 'count-objects', '-v')
    const { code, stdout } = await demo('--repo', repository, '--once', '--requests', '300')
    expect(stdout).toMatch(/^repository at http:\/\/127\.0\.0\.1:\d+\n/)
    expect(stdout).toMatch(/^300 requests for \d+ pages in /m)
    expect(stdout).toMatch(/^from memory +\d+ +[\d.]+ % +[\d.]+ ms +[\d.]+ m?s$/m)
    expect(stdout).toMatch(/^without a cache +100 +[\d.]+ ms +[\d.]+ m?s$/m)
    expect(stdout).toContain('✓ 100 readers at once of a page that nobody had asked for: 1 load\n')
    expect(stdout).toMatch(/✓ a second start: (\d+) of \1 pages answered from SQLite, 0 loads/)
    expect(stdout).toMatch(/✓ a commit: 4 of 4 pages of its branch loaded anew, 0 of 24 others/)
    expect(stdout).not.toContain('✗')
    expect(code).toBe(0)
    expect(existsSync(join(folder.path, '.tiercel/git-explorer.sqlite'))).toBe(true)
    expect(git(repository, 'for-each-ref') + git(repository, 'count-objects', '-v')).toBe(before)

    const again = await demo('--repo', repository, '--once', '--requests', '50')
    expect(again.stdout).toMatch(/^loaded from git +0 /m)
  })

  test('can do with a single commit, and no branch', async () => {
    const single = join(folder.path, 'single')
    git(single, 'init', '--quiet', single)
    git(single, 'commit', '--quiet', '--allow-empty', '--message', 'only')
    git(single, 'checkout', '--quiet', '--detach')
    const { code, stdout } = await demo('--repo', single, '--once', '--requests', '30')
    expect(stdout).not.toContain('✗')
    expect(code).toBe(0)
  })

  test('serves until it is told to end', async () => {
    const child = start('--repo', repository, '--requests', '10')
    const ended = once(child, 'exit')
    for await (const chunk of child.stdout) if (String(chunk).includes('Ctrl-C')) break
    child.kill('SIGINT')
    expect(await ended).toEqual([0, null])
  })

  test.each([
    ['--help', 0, /--fresh/],
    ['--repo nowhere', 1, /^git explorer: nowhere is not a directory\n$/],
    ['--repo .', 1, /^git explorer: \.: not a git repository.*\n$/],
    ['--repo empty', 1, /^git explorer: empty has no commits yet\n$/],
    ['--requests none', 2, /^git explorer: --requests: expected a number.*\nTry --help\.\n$/],
    ['--port 70000', 2, /^git explorer: --port: .*\nTry --help\.\n$/],
    ['--nonsense', 2, /^git explorer: .*--nonsense.*\nTry --help\.\n$/],
  ])('%s: exit code %i, and one clear line', async (parameters, expected, said) => {
    if (!existsSync(join(folder.path, 'empty'))) git(folder.path, 'init', '--quiet', join(folder.path, 'empty'))
    const { code, stdout, stderr } = await demo(...parameters.split(' '))
    expect(stdout + stderr).toMatch(said)
    expect(code).toBe(expected)
  })

  test('a port that is taken: exit code 1, and one clear line', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { code, stderr } = await demo('--repo', repository, '--port', String(port))
    server.close()
    expect(stderr).toBe(`git explorer: port ${port} is in use: choose another, or none\n`)
    expect(code).toBe(1)
  })

  test('no git: exit code 1, and one clear line', async () => {
    const { code, stderr } = await ended(start.call({ PATH: folder.path }, '--repo', repository))
    expect(stderr).toBe('git explorer: git could not be started: is it installed?\n')
    expect(code).toBe(1)
  })

  function demo(...parameters: readonly string[]): Promise<Ended> {
    return ended(start(...parameters))
  }

  function start(this: NodeJS.ProcessEnv | void, ...parameters: readonly string[]) {
    const main = join(root, 'examples/git-explorer/main.ts')
    const env = { ...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json'), ...this }
    const tsx = join(root, 'node_modules/tsx/dist/loader.mjs')
    return spawn(process.execPath, ['--import', tsx, main, ...parameters], { cwd: folder.path, env })
  }
})

describe('its pages', () => {
  let folder: ReturnType<typeof temporaryFolder>
  let original: string
  let repository: string
  let explorer: Explorer
  let client: Client
  let moved: string[]
  let count = 0

  beforeAll(async () => {
    folder = temporaryFolder()
    original = join(folder.path, 'original')
    await generateRepository(original, 60)
  })
  afterAll(() => folder.remove())
  beforeEach(async () => {
    repository = join(folder.path, `clone-${count++}`)
    git(folder.path, 'clone', '--quiet', original, repository)
    git(repository, 'branch', 'other')
    await open()
  })
  afterEach(close)

  test('say where they came from', async () => {
    expect(await originOf('/branch/main')).toBe('loaded')
    await explorer.cache.idle()
    expect(await originOf('/branch/main')).toBe('memory')
    await close()
    await open()
    expect(await originOf('/branch/main')).toBe('sqlite')
    await explorer.cache.idle()
    expect((await client.read('/branch/main')).text).toMatch(/answered from memory<\/b> in [\d.]+\s+ms/)
  })

  test('a commit makes those of its branch be loaded anew, and no others', async () => {
    const branchPages = ['', '/contributors', '/files', '/blame/README'].map((view) => `/branch/main${view}`)
    const otherPages = ['/branch/other', '/branch/other/files', `/commit/${git(repository, 'rev-parse', 'HEAD~3')}`]
    commit({ README: 'one\n' }, 'add a file')
    await movesOf('main')
    for (const page of [...branchPages, ...otherPages]) await client.read(page)
    await explorer.cache.idle()

    commit({ README: 'two\n' }, 'change a file')
    await movesOf('main')
    expect(await Promise.all(otherPages.map(originOf))).toEqual(otherPages.map(() => 'memory'))
    const [home] = await Promise.all(branchPages.map((page) => client.read(page)))
    expect(home?.text).toContain('change a file')
    expect(explorer.nodes.blame.stats().loadCount).toBe(2)
    expect(explorer.nodes.commit.stats().loadCount).toBe(1)
  })

  test('branches are watched wherever git keeps them, until they are gone', async () => {
    await client.read('/branch/other')
    git(repository, 'pack-refs', '--all')
    git(repository, 'update-ref', 'refs/heads/other', 'HEAD~1')
    await movesOf('other')
    expect((await client.read('/branch/other')).text).toContain('59 commits')

    git(repository, 'branch', '--quiet', '-D', 'other')
    await movesOf('other')
    expect(await statusOf('/branch/other')).toBe(404)
  })

  test('a branch that moved while nobody watched is forgotten at the next start', async () => {
    await Promise.all(['/branch/main', '/branch/other'].map((page) => client.read(page)))
    await close()
    commit({ README: 'new\n' }, 'made in the dark')
    await open()
    expect((await client.read('/branch/main')).text).toContain('made in the dark')
    expect(await originOf('/branch/other')).toBe('sqlite')
  })

  test('show whatever people write as text', async () => {
    commit({ '<img src=x>': 'let a = "<script>alert(1)</script>"\n' }, 'Say "<script>" & \'more\'')
    await movesOf('main')
    const path = encodeURIComponent('<img src=x>')
    const head = git(repository, 'rev-parse', 'HEAD')
    const pages = ['/branch/main', `/commit/${head}`, '/branch/main/files', `/branch/main/blame/${path}`]
    const searches = ['/branch/main/search?q=%3Cscript%3E%22', '/branch/%3Cscript%3E', '/commit/%3Cscript%3E/files']
    for (const page of [...pages, ...searches]) {
      const { text } = await client.read(page)
      expect(text).toMatch(/&lt;(script|img)/)
      expect(text).not.toMatch(/<(script|img)/)
    }
  })

  test.each([
    ['/', 200],
    ['/stats', 200],
    ['/branch/main/history?page=99', 200],
    ['/branch/main/search', 200],
    ['/branch/main/search?q=--output%3Dx%00y', 404],
    ['/branch/main/search?q=file&within=changes', 200],
    ['/branch/main~1', 404],
    ['/branch/--all', 404],
    ['/branch/main/history?page=-1', 404],
    ['/branch/main/blame/nowhere', 404],
    ['/branch/main/blame/src', 404],
    ['/branch/main/files/nowhere', 404],
    ['/branch/main/nonsense', 404],
    ['/commit/HEAD', 404],
    [`/commit/${'0'.repeat(40)}`, 404],
    ['/nonsense', 404],
    ['/%E0%A4%A', 404],
    ['//', 200],
  ])('%s: status %i', async (path, status) => {
    expect(await statusOf(path)).toBe(status)
  })

  test('take in the awkward: files without lines, without text, with strange names', async () => {
    commit({ empty: '', 'two words': 'a\n', ':(glob)*': 'b\n', 'bytes.bin': '\0\u0001' }, 'awkward')
    await movesOf('main')
    expect((await client.read('/branch/main/blame/empty')).text).toContain('No lines')
    expect((await client.read('/branch/main/blame/bytes.bin')).text).toContain('No lines')
    expect((await client.read(`/branch/main/blame/${encodeURIComponent(':(glob)*')}`)).text).toContain('<pre>b</pre>')
    expect((await client.read('/branch/main/blame/two%20words')).text).toContain('<pre>a</pre>')
    expect((await client.read('/commit/' + git(repository, 'rev-parse', 'HEAD'))).text).toContain('binary')
  })

  test('are for this machine alone', async () => {
    const foreign = await new Promise<number | undefined>((resolve, reject) => {
      get(explorer.url, { headers: { host: 'example.org' } }, (response) => {
        response.resume()
        resolve(response.statusCode)
      }).on('error', reject)
    })
    expect(foreign).toBe(403)
  })

  test('can begin with an empty cache', async () => {
    await client.read('/branch/main')
    await close()
    await open({ fresh: true })
    expect(await originOf('/branch/main')).toBe('loaded')
  })

  test('two repositories never mix, even in one file', async () => {
    await client.read('/branch/main')
    const elsewhere = join(folder.path, `elsewhere-${count}`)
    git(folder.path, 'clone', '--quiet', original, elsewhere)
    await using other = await openExplorer({ path: elsewhere, file: `${repository}.sqlite` })
    using reader = new Client(other.url)
    expect((await reader.read('/branch/main')).origin).toBe('loaded')
  })

  async function open({ fresh = false } = {}): Promise<void> {
    moved = []
    explorer = await openExplorer({
      path: repository,
      file: `${repository}.sqlite`,
      fresh,
      moved: (name) => void moved.push(name),
    })
    client = new Client(explorer.url)
  }

  async function close(): Promise<void> {
    client[Symbol.dispose]()
    await explorer[Symbol.asyncDispose]()
  }

  async function originOf(path: string): Promise<string | undefined> {
    return (await client.read(path)).origin
  }

  async function statusOf(path: string): Promise<number> {
    return (await client.read(path)).status
  }

  async function movesOf(name: string): Promise<void> {
    await expect.poll(() => moved.includes(name), { timeout: 5_000, interval: 20 }).toBe(true)
    moved = []
  }

  function commit(files: Readonly<Record<string, string>>, message: string): void {
    for (const [path, content] of Object.entries(files)) writeFileSync(join(repository, path), content)
    git(repository, 'add', '--all')
    git(repository, 'commit', '--quiet', '--message', message)
  }
})

test('html escapes what it is given, and not what is HTML', () => {
  const inner = html`<b>${'<&"\'>'}</b>`
  expect(html`${inner}${[inner]}${1}`.text).toBe(`${'<b>&lt;&amp;&quot;&#39;&gt;</b>'.repeat(2)}1`)
})

test('zipf draws each item in proportion to one over its rank', () => {
  let drawn = 0
  const next = zipf(['a', 'b', 'c'], { fraction: () => ((drawn++ % 1100) + 0.5) / 1100 })
  const counts: Record<string, number> = {}
  for (let round = 0; round < 1100; round++) {
    const item = next()
    counts[item] = (counts[item] ?? 0) + 1
  }
  expect(counts).toEqual({ a: 600, b: 300, c: 200 })
})

test('a percentile is the nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect([0.5, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([50, 99, 100])
  expect(percentile([], 0.5)).toBeUndefined()
})

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function ended(child: ReturnType<typeof spawn>): Promise<Ended> {
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'exit') as Promise<[number | null]>,
  ])
  return { code, stdout, stderr }
}
