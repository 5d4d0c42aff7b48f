import { describe, expect, test } from 'vitest'
import { simulate, type SimulationResult, toCsv, toSvg, traceOf } from 'tiercel/simulator'
import { ratioTicks, shortPercent, shortSize, sizeScale } from '../../src/simulator/reports/scales.ts'

const result: SimulationResult = {
  trace: 'a,"b" <c>&',
  requests: 1000,
  keys: 100,
  brokenCount: 0,
  broken: [],
  skippedCount: 0,
  curves: [
    { policy: 'opt', points: [point(10, 500), point(50, 750)] },
    { policy: 'lru', points: [point(10, 250), point(50, 625)] },
  ],
}

test('the CSV has a line for every figure', () => {
  expect(toCsv([result]).split('\n')).toEqual([
    'trace,requests,keys,policy,size,hits,hit_ratio',
    '"a,""b"" <c>&",1000,100,opt,10,500,0.500000',
    '"a,""b"" <c>&",1000,100,opt,50,750,0.750000',
    '"a,""b"" <c>&",1000,100,lru,10,250,0.250000',
    '"a,""b"" <c>&",1000,100,lru,50,625,0.625000',
    '',
  ])
})

describe('the SVG', () => {
  test('is well-formed, whatever a trace is called', () => {
    const svg = toSvg([result, { ...result, trace: 'x\u0007' }], { title: 'A & B' })
    expect(unbalanced(svg)).toEqual([])
    expect(svg).toContain('a,&quot;b&quot; &lt;c&gt;&amp;')
    expect(svg).not.toMatch(/NaN|undefined|Infinity|\u0007/)
  })

  test('has a legend, axes, both themes, and a figure for every point', () => {
    const svg = toSvg([result])
    expect(svg).toContain('>opt</text>')
    expect(svg).toContain('80 %')
    expect(svg).toContain('prefers-color-scheme:dark')
    expect(svg).toContain('<title>lru, 50 entries: 62.50 %</title>')
  })

  test('is drawn for a single point, and for no hits at all', async () => {
    const single = await simulate({ trace: traceOf([1, 2, 3]), sizes: [1] })
    expect(toSvg([single])).not.toMatch(/NaN|Infinity/)
    expect(unbalanced(toSvg([]))).toEqual([])
  })
})

describe('scales', () => {
  test('sizes are spread by their logarithms', () => {
    expect([10, 100, 1000].map(sizeScale([10, 100, 1000]))).toEqual(
      [0, 0.5, 1].map((place) => expect.closeTo(place) as number),
    )
  })

  test.each([
    [0.999, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [0.43, [0, 0.1, 0.2, 0.3, 0.4, 0.5]],
    [0.009, [0, 0.002, 0.004, 0.006, 0.008, 0.01]],
  ])('an axis up to %d has few, round ticks', (highest, ticks) => {
    expect(ratioTicks(highest)).toEqual(ticks.map((tick) => expect.closeTo(tick, 8) as number))
  })

  test('sizes and parts are short', () => {
    expect([7, 1000, 1500, 12_345, 2_000_000].map(shortSize)).toEqual(['7', '1k', '1.5k', '12k', '2M'])
    const ofKeys = [6, 11, 57, 568, 2842, 5684].map((size) => shortPercent(size, 5684))
    expect(ofKeys).toEqual(['0.1 %', '0.2 %', '1 %', '10 %', '50 %', '100 %'])
    expect([1, 2, 40].map((size) => shortPercent(size, 3))).toEqual(['33 %', '67 %', '1300 %'])
  })
})

function point(size: number, hits: number): SimulationResult['curves'][0]['points'][0] {
  return { size, hits, hitRatio: hits / 1000 }
}

/** The tags that are opened and not closed, or the other way round. */
function unbalanced(svg: string): readonly string[] {
  const open: string[] = []
  for (const [, close, name = '', single] of svg.matchAll(/<(\/?)([a-z]+)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (single === '/') continue
    if (close !== '/') open.push(name)
    else if (open.pop() !== name) return [...open, name]
  }
  return open
}
