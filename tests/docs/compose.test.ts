import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../architecture/project.ts'
import { contentOf } from './blocks.ts'

const compose = contentOf('docker-compose.yml')
const exported = new Map(
  [...contentOf('CONTRIBUTING.md').matchAll(/^export (\w+_URL)='?([^'\n]+)'?$/gm)].map(
    ([, variable = '', url = '']) => [variable, url] as const,
  ),
)

test('every variable that names a server for the tests is told', () => {
  const folder = join(root, 'tests/servers')
  const variables = readdirSync(folder).flatMap((name) =>
    [...contentOf(`tests/servers/${name}`).matchAll(/variable: '(\w+)'/g)].map(([, variable = '']) => variable),
  )
  expect(variables).toHaveLength(6)
  expect([...exported.keys()].toSorted()).toEqual(variables.toSorted())
})

test('every address that is told is one of a container, on this machine alone', () => {
  const ports = [...compose.matchAll(/'127\.0\.0\.1:(\d+)(?:-\d+)?:\d+(?:-\d+)?'/g)].map(([, port]) => port)
  expect(ports.length).toBeGreaterThan(6)
  expect(compose.match(/^ {4}ports:/gm)).toHaveLength(ports.length)
  for (const [variable, url] of exported) expect(ports, variable).toContain(new URL(url).port)
})

test('the passwords that are told are those of the containers', () => {
  for (const url of exported.values()) {
    const { password, pathname } = new URL(url)
    if (password !== '') expect(compose).toMatch(new RegExp(`PASSWORD: ${password}\\n`))
    if (pathname.length > 1) expect(compose).toMatch(new RegExp(`(DB|DATABASE): ${pathname.slice(1)}\\n`))
  }
})
