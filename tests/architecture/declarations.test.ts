import { rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { build, plant } from './project.ts'
import { isRelative, readSources, type Source } from './sources.ts'

test('our declarations name nothing that is not ours', () => {
  const built = build()
  try {
    const declarations = readSources(built, '.d.ts')
    expect(declarations.length).toBeGreaterThan(0)
    expect(declarations.flatMap(foreignNames)).toEqual([])
  } finally {
    rmSync(built, { recursive: true })
  }
})

test.each([
  ['a package', `export type { Redis } from 'ioredis'`, 'a.d.ts names ioredis'],
  ['a type in brackets', `export declare const a: import('pg').Pool`, 'a.d.ts names pg'],
  ['a builtin', `import { Readable } from 'node:stream'`, 'a.d.ts names node:stream'],
  ['a reference', `/// <reference types="node" />\nexport {}`, 'a.d.ts refers to types of others'],
  ['a global of Node', `export declare const a: Buffer`, 'a.d.ts names Buffer'],
  ['a namespace of Node', `export declare const a: NodeJS.Timeout`, 'a.d.ts names NodeJS'],
])('%s is found', (_what, text, found) => {
  const folder = plant({ 'a.d.ts': text })
  try {
    expect(readSources(folder, '.d.ts').flatMap(foreignNames)).toEqual([found])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('relative imports and plain words in comments are ours', () => {
  const folder = plant({
    'a.d.ts': `// not a Buffer from 'pg'\nexport type { B } from './b.js'\nexport type C = Uint8Array`,
  })
  try {
    expect(readSources(folder, '.d.ts').flatMap(foreignNames)).toEqual([])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

// Node's own types are a package like any other: a program that compiles for a browser has none of them.
function foreignNames({ path, imports, names, text }: Source): readonly string[] {
  const packages = imports.map(({ specifier }) => specifier ?? 'something computed').filter((name) => !isRelative(name))
  const globals = ['Buffer', 'NodeJS'].filter((name) => names.has(name))
  return [
    ...[...packages, ...globals].map((name) => `${path} names ${name}`),
    ...(/^\/\/\/\s*<reference\s+types/m.test(text) ? [`${path} refers to types of others`] : []),
  ]
}
