import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { seededChance } from 'tiercel/testing'

const words = 'cache tier flight lease marker fence storage entry shard batch policy sweep header frame clock'.split(
  ' ',
)
const authors = ['Ada', 'Grace', 'Barbara', 'Edsger', 'Tony', 'Lynn', 'Radia <script>', 'Frances & Co']

/** A fresh temporary folder, and how to be rid of it. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'tiercel-examples-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Makes a repository with a history that repeats itself: the same numbers, the same hashes. */
export async function generateRepository(path: string, commitCount: number, fileCount = 12): Promise<void> {
  git(path, 'init', '--quiet', '--initial-branch=main', path)
  const importer = spawn('git', ['fast-import', '--quiet'], { cwd: path, stdio: ['pipe', 'inherit', 'inherit'] })
  const ended = once(importer, 'exit')
  await pipeline(Readable.from(commands(commitCount, fileCount)), importer.stdin)
  const [code] = (await ended) as [number | null]
  if (code !== 0) throw new Error(`git fast-import ended with ${code}`)
  git(path, 'reset', '--quiet', '--hard', 'main')
}

/** Runs git, and answers with what it printed. */
export function git(cwd: string, ...parameters: readonly string[]): string {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false']
  const options = cwd === parameters.at(-1) ? {} : { cwd }
  const { status, stdout, stderr } = spawnSync('git', [...identity, ...parameters], { ...options, encoding: 'utf8' })
  if (status !== 0) throw new Error(`git ${parameters.join(' ')}: ${stderr}`)
  return stdout.trim()
}

function* commands(commitCount: number, fileCount: number): Generator<string> {
  const chance = seededChance('repository')
  const pick = <Item>(list: readonly Item[]): Item => list[Math.floor(chance.fraction() * list.length)] as Item
  const files = Array.from({ length: fileCount }, (_, index) => `src/${words[index % words.length]}/file-${index}.ts`)
  const contents = new Map<string, string[]>()
  for (let number = 1; number <= commitCount; number++) {
    const author = pick(authors).replace(/[<>]/g, '')
    const message = `Make the ${pick(words)} of a ${pick(words)} true (${number}) <b>&amp;`
    yield `commit refs/heads/main\nmark :${number}\n`
    yield `committer ${author} <${author[0]}@example.org> ${1_500_000_000 + number * 3_600} +0000\n`
    yield data(message)
    if (number > 1) yield `from :${number - 1}\n`
    for (let change = 0; change < 3; change++) {
      const file = pick(files)
      const lines = contents.get(file) ?? []
      contents.set(file, lines)
      const line = `const ${pick(words)}${number} = '${pick(words)} <i>${change}</i>'`
      if (lines.length < 120) lines.push(line)
      else lines[Math.floor(chance.fraction() * lines.length)] = line
      yield `M 100644 inline ${file}\n${data(`${lines.join('\n')}\n`)}`
    }
  }
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`
}
