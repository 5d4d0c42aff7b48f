import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { SimulationResult } from 'tiercel/simulator'
import { run } from '../../src/cli/run.ts'
import { FakeTerminal } from './fake-terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'tiercel-cli-'))
afterAll(() => rmSync(folder, { recursive: true }))

const trace = join(folder, 'keys.txt')
writeFileSync(trace, 'a\nb\na\nc\nb\na\na\n')

test('shows a table, the best of each row in colour, and the curves', async () => {
  const terminal = new FakeTerminal({ isColoured: true })
  expect(await run(['simulate', trace, '--sizes', '1,2', '--policies', 'opt,lru,fifo'], terminal)).toBe(0)
  expect(terminal.written).toContain('<bold>keys.txt</>: 7 requests, 3 keys; at most 57.14 % can hit')
  expect(terminal.written).toContain('2 (67 %)   57.14   28.57<bold><green>   42.86</></>')
  expect(terminal.written).toContain('<gray> × opt</>')
  expect(terminal.errors).toMatch(/^keys\.txt: 7 requests in [\d.]+ s\n$/)
})

test('shows bars when there is one size', async () => {
  const terminal = new FakeTerminal()
  await run(['simulate', trace, '--sizes', '2', '--policies', 'lru,opt', '-q'], terminal)
  expect(terminal.written).toMatch(/opt █+ 57\.14 %\n +lru █+[▏▎▍▌▋▊▉]? 28\.57 %/)
  expect(terminal.errors).toBe('')
})

test('draws curves without colours so that they can be told apart', async () => {
  const terminal = new FakeTerminal()
  await run(['simulate', 'zipf:0.9:1000:20000', '--policies', 'opt,lru,fifo', '-q'], terminal)
  expect(terminal.written).toMatchSnapshot()
})

test('writes CSV, JSON and SVG, of all traces', async () => {
  const files = ['csv', 'json', 'svg'].map((kind) => join(folder, `figures.${kind}`))
  const options = files.flatMap((file) => [`--${file.split('.').at(-1)}`, file])
  const terminal = new FakeTerminal()
  expect(await run(['simulate', trace, 'zipf:1:10:50', '--sizes', '2', ...options, '--no-plot'], terminal)).toBe(0)
  const [csv = '', json = '', svg = ''] = files.map((file) => readFileSync(file, 'utf8'))
  expect(csv).toContain('\nkeys.txt,7,3,lru,2,2,0.285714\n')
  expect((JSON.parse(json) as SimulationResult[]).map((result) => result.trace)).toEqual(['keys.txt', 'zipf:1:10:50'])
  expect(svg).toContain('keys.txt</text>')
  expect(terminal.written).not.toContain('█')
})

test('reads standard input, and writes figures and nothing else to standard output when asked to', async () => {
  const terminal = new FakeTerminal({ input: 'a\na\n' })
  expect(await run(['simulate', '-', '--format', 'lines', '--sizes', '1', '--csv', '-'], terminal)).toBe(0)
  expect(terminal.written).toMatch(/^trace,requests,[^\n]*\nstandard input,2,1,opt,1,1,0\.500000\n/)
})

test('tells how far it is, over and over in one line where that can be done', async () => {
  const terminal = new FakeTerminal({ isErrLive: true })
  await run(['simulate', 'zipf:1:10:70000', '--sizes', '1', '--policies', 'opt'], terminal)
  const lines = terminal.errors.split('\r\u001b[K')
  expect(lines.slice(1, 4)).toEqual([
    'zipf:1:10:70000: reading, 65,536 requests',
    'zipf:1:10:70000: reading, 70,000 requests',
    'zipf:1:10:70000: simulating, 65,536 requests (93 %)',
  ])
  expect(lines.at(-1)).toMatch(/70,000 requests in \d+\.\d s\n$/)
})

test('tells what could not be read, and refuses it when that is asked for', async () => {
  const path = join(folder, 'blocks.lirs')
  writeFileSync(path, '1\n*\nx\n1\n')
  const terminal = new FakeTerminal()
  expect(await run(['simulate', path, '--sizes', '1', '-q'], terminal)).toBe(0)
  expect(terminal.written).toContain(
    '1 line skipped: no requests\n1 line could not be read:\n  blocks.lirs:3: expected',
  )
  expect(await run(['simulate', path, '--sizes', '1', '-q', '--strict'], terminal)).toBe(1)
  expect(terminal.errors).toBe('tiercel simulate: blocks.lirs:3: expected the number of a block, or a star, got "x"\n')
})

test('without the optimum when asked', async () => {
  const terminal = new FakeTerminal()
  await run(['simulate', trace, '--no-opt', '--no-plot'], terminal)
  expect(terminal.written).toContain('tinylfu')
  expect(terminal.written).not.toContain('opt ')
})

describe('one clear line, and the exit code', () => {
  test.each([
    [1, ['nowhere.txt'], 'nowhere.txt: there is no such file, or it may not be read'],
    [1, [trace, 'nowhere.txt'], 'nowhere.txt: there is no such file, or it may not be read'],
    [1, [folder], `${folder}: can't be read: it is a folder`],
    [1, [trace, '--format', 'arc'], 'keys.txt: no requests in this trace; 7 could not be read, the first'],
    [2, [], 'name a trace: a file, - for standard input, or zipf:EXPONENT:KEYS:REQUESTS'],
    [2, [trace, '--policies', 'lru,clock'], 'policies: expected some of opt, '],
    [2, [trace, '--no-opt', '--policies', 'opt'], 'policies: expected at least one'],
    [2, [trace, '--sizes', '5%,ten'], 'sizes: expected a number of entries'],
    [2, [trace, '--sizes', ','], 'sizes: expected at least one'],
    [2, [trace, '--format', 'xml'], 'format: expected one of lines, csv, log, u32, arc, lirs, oracle, got "xml"'],
    [2, [trace, '--limit', '-1'], "Option '--limit' argument is ambiguous"],
    [2, [trace, '--limit', 'all'], 'limit: expected a number of requests'],
    [2, [trace, '--seed', 'x'], 'seed: expected a whole number'],
    [2, [trace, '--colour'], "Unknown option '--colour'; see tiercel simulate --help"],
    [2, [trace, '--svg', join(folder, 'no/where.svg')], "--svg: can't write to the folder of"],
    [2, ['zipf:1:2'], 'TRACE: expected zipf:EXPONENT:KEYS:REQUESTS[:SEED]'],
    [2, ['zipf:a:2:3'], 'zipf: exponent: expected a number from 0 to 10'],
  ])('%i for %j', async (exitCode, parameters, message) => {
    const terminal = new FakeTerminal()
    expect(await run(['simulate', ...parameters, '-q'], terminal)).toBe(exitCode)
    expect(terminal.errors).toContain(`tiercel simulate: ${message}`)
    expect(terminal.errors.split('\n')).toHaveLength(2)
    expect(terminal.written).toBe('')
  })
})
