import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** A piece of code in a page. */
export interface Block {
  readonly page: string
  readonly line: number
  /** What follows the fence: `ts`, `ts no-run`, `ts excerpt=…`, `sh`. */
  readonly info: string
  readonly code: string
}

/** Every page of the documentation. */
export function pages(): readonly string[] {
  const docs = readdirSync(`${root}docs`).filter((name) => name.endsWith('.md'))
  return ['README.md', 'CONTRIBUTING.md', ...docs.map((name) => `docs/${name}`)]
}

/** The blocks of a page. */
export function blocksOf(page: string): readonly Block[] {
  const text = readFileSync(root + page, 'utf8')
  return [...text.matchAll(/^```(\S.*)?\n([\s\S]*?)^```$/gm)].map((match) => ({
    page,
    line: text.slice(0, match.index).split('\n').length,
    info: match[1] ?? '',
    code: match[2] ?? '',
  }))
}

/** A file of the repository. */
export function contentOf(path: string): string {
  return readFileSync(root + path, 'utf8')
}
