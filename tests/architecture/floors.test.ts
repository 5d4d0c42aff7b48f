import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { plant, readManifest, root } from './project.ts'
import { readSources } from './sources.ts'
import { violations } from './violations.ts'

type Tree = Readonly<Record<string, string>>

const manifest = readManifest()
const optionalPeers = Object.keys(manifest.peerDependenciesMeta)

test('the house stands: imports go down, there are no rings, nothing comes from outside', () => {
  const sources = readSources(join(root, 'src'))
  expect(sources.map(({ path }) => path)).toContain('doors/index.ts')
  expect(violations(sources, optionalPeers)).toEqual([])
})

test('the package has no runtime dependency, and every peer is optional', () => {
  expect(manifest.dependencies ?? {}).toEqual({})
  expect(Object.keys(manifest.peerDependencies).sort()).toEqual(optionalPeers.sort())
})

describe('what the check allows', () => {
  test.each<[string, Tree]>([
    ['an import that goes down', { 'core/a.ts': `import '../kernel/b.ts'`, 'kernel/b.ts': '' }],
    ['an import within a room', { 'core/a.ts': `import './tiers/b.ts'`, 'core/tiers/b.ts': '' }],
    ['contracts on kernel', { 'contracts/a.ts': `import type { B } from '../kernel/b.ts'`, 'kernel/b.ts': '' }],
    ['a builtin', { 'kernel/a.ts': `import { createHash } from 'node:crypto'` }],
    ['a guest above the client', { 'testing/a.ts': `import '../client/b.ts'`, 'client/b.ts': '' }],
    ['an optional peer on first use', { 'storages/a.ts': `const load = () => import('peer')` }],
    ['an optional peer without its types', { 'storages/a.ts': `const load = () => import('peer' as string)` }],
    ['an import in a comment', { 'kernel/a.ts': `// import '../core/b.ts'\nconst text = "import '../core/b.ts'"` }],
    [
      'a door of exports',
      { 'doors/a.ts': `export { b } from '../core/b.ts'\nexport * from '../core/b.ts'`, 'core/b.ts': '' },
    ],
  ])('%s', (_what, files) => {
    expect(check(files)).toEqual([])
  })
})

describe('what the check finds', () => {
  test.each<[string, Tree, readonly string[]]>([
    [
      'an import that goes up',
      { 'kernel/a.ts': `import { b } from '../core/b.ts'`, 'core/b.ts': '' },
      ['kernel/a.ts imports core/b.ts, which is above it'],
    ],
    [
      'a type import that goes up',
      { 'kernel/a.ts': `import type { B } from '../core/b.ts'`, 'core/b.ts': '' },
      ['kernel/a.ts imports core/b.ts, which is above it'],
    ],
    [
      'a re-export that goes up',
      { 'kernel/a.ts': `export * from '../core/b.ts'`, 'core/b.ts': '' },
      ['kernel/a.ts imports core/b.ts, which is above it'],
    ],
    [
      'a type in brackets that goes up',
      { 'kernel/a.ts': `export type A = import('../core/b.ts').B`, 'core/b.ts': '' },
      ['kernel/a.ts imports core/b.ts, which is above it'],
    ],
    [
      'a dynamic import that goes up',
      { 'kernel/a.ts': `export const a = () => import('../core/b.ts')`, 'core/b.ts': '' },
      ['kernel/a.ts imports core/b.ts, which is above it'],
    ],
    [
      'kernel on contracts',
      { 'kernel/a.ts': `import '../contracts/b.ts'`, 'contracts/b.ts': '' },
      ['kernel/a.ts imports contracts/b.ts, which is another room of its floor'],
    ],
    [
      'a sibling room',
      { 'flight/a.ts': `import '../observe/b.ts'`, 'observe/b.ts': '' },
      ['flight/a.ts imports observe/b.ts, which is another room of its floor'],
    ],
    [
      'a sibling guest',
      { 'cli/a.ts': `import '../testing/b.ts'`, 'testing/b.ts': '' },
      ['cli/a.ts imports testing/b.ts, which is another room of its floor'],
    ],
    [
      'a ring of types',
      {
        'core/a.ts': `import type { B } from './b.ts'`,
        'core/b.ts': `import { c } from './c.ts'`,
        'core/c.ts': `export type { A } from './a.ts'`,
      },
      ['ring: core/a.ts → core/b.ts → core/c.ts → core/a.ts'],
    ],
    [
      'a package',
      { 'core/a.ts': `import { LRUCache } from 'lru-cache'` },
      ['core/a.ts imports lru-cache from outside'],
    ],
    [
      'a builtin without its prefix',
      { 'core/a.ts': `import { readFile } from 'fs'` },
      ['core/a.ts imports fs from outside'],
    ],
    ['an optional peer, eagerly', { 'storages/a.ts': `import 'peer'` }, ['storages/a.ts imports peer from outside']],
    ['an optional peer in the core', { 'core/a.ts': `import('peer')` }, ['core/a.ts imports peer from outside']],
    ['a package by require', { 'storages/a.ts': `require('pg')` }, ['storages/a.ts imports pg from outside']],
    [
      'a computed import',
      { 'storages/a.ts': 'import(`${name}.js`)' },
      ['storages/a.ts imports something computed, which nobody can check'],
    ],
    [
      'a file that is not there',
      { 'core/a.ts': `import '../../package.json'` },
      ['core/a.ts imports ../../package.json, which is no file under src'],
    ],
    ['an unknown room', { 'utils/a.ts': '' }, ['utils/a.ts is in no room of the house']],
    ['a file in no room', { 'a.ts': '' }, ['a.ts is in no room of the house']],
    [
      'a door that does things',
      { 'doors/a.ts': 'export const a = 1' },
      ['doors/a.ts is a door, and holds more than export … from'],
    ],
  ])('%s', (_what, files, found) => {
    expect(check(files)).toEqual(found)
  })
})

function check(files: Tree): readonly string[] {
  const folder = plant(files)
  try {
    return violations(readSources(folder), ['peer'])
  } finally {
    rmSync(folder, { recursive: true })
  }
}
