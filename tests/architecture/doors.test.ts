import { execFileSync } from 'node:child_process'
import { readdirSync, realpathSync, rmSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { doorsLeaveOut } from './house.ts'
import { build, plant, readManifest, root } from './project.ts'

const doors = readdirSync(join(root, 'src/doors'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length))

describe('what a door loads in a fresh process', () => {
  let built = ''
  beforeAll(() => {
    built = build()
  })
  afterAll(() => rmSync(built, { recursive: true, force: true }))

  test.each(doors)('%s loads only what it needs', (door) => {
    const leaveOut = doorsLeaveOut[door]
    expect(leaveOut, `${door} is a new door: say in house.ts what it leaves out`).toBeDefined()
    expect(loads(built, door)).toContain(`doors/${door}.js`)
    expect(unwanted(loads(built, door), leaveOut ?? [])).toEqual([])
  })
})

test('every door of the sources is a door of the package', () => {
  expect(doors).toContain('index')
  const exported = Object.keys(readManifest().exports)
  expect(exported).toEqual(expect.arrayContaining(doors.map((door) => (door === 'index' ? '.' : `./${door}`))))
})

test('what a door must not load is found', () => {
  const folder = plant({
    'package.json': '{ "type": "module" }',
    'doors/index.js': `export * from '../core/cache.js'; import 'pet'`,
    'core/cache.js': `import '../storages/sqlite.js'; import '../testing/clock.js'`,
    'storages/sqlite.js': '',
    'testing/clock.js': '',
    'node_modules/pet/package.json': '{ "name": "pet", "type": "module", "exports": "./pet.js" }',
    'node_modules/pet/pet.js': '',
  })
  try {
    expect([...unwanted(loads(folder, 'index'), doorsLeaveOut['index'] ?? [])].sort()).toEqual([
      'node_modules/pet/pet.js',
      'storages/sqlite.js',
      'testing/clock.js',
    ])
    expect(unwanted(['doors/index.js', 'node:fs', 'node:sqlite'], [])).toEqual(['node:sqlite'])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

/** The modules a door loads: paths below the folder, or the address when it is elsewhere. A door keeps no process alive. */
function loads(folder: string, door: string): readonly string[] {
  const recorder = fileURLToPath(new URL('./record-loads.mjs', import.meta.url))
  const printed = execFileSync(process.execPath, [recorder, join(folder, `doors/${door}.js`)], {
    encoding: 'utf8',
    timeout: 10_000,
  })
  const inside = `${realpathSync(folder)}/`
  return (JSON.parse(printed) as readonly string[]).map((url) => {
    const path = url.startsWith('file:') ? fileURLToPath(url) : url
    return path.startsWith(inside) ? path.slice(inside.length) : path
  })
}

// node:sqlite is absent from Node 20, so a door that loads it eagerly can't be opened there.
function unwanted(loaded: readonly string[], leaveOut: readonly string[]): readonly string[] {
  return loaded.filter(
    (path) =>
      path === 'node:sqlite' ||
      path.includes('node_modules/') ||
      isAbsolute(path) ||
      leaveOut.some((start) => path.startsWith(start)),
  )
}
