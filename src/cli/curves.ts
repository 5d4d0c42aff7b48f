import { ratioTicks, type Scale, shortSize, sizeScale } from '../simulator/reports/scales.ts'
import type { Curve, SimulationResult } from '../simulator/simulation-result.ts'
import { drawBars } from './bars.ts'
import { BrailleCanvas } from './braille-canvas.ts'
import { colourOf, markOf } from './marks.ts'
import type { Colour, Terminal } from './terminal.ts'

/** The curves, drawn with characters: hit ratio over size, sizes logarithmic. Bars, if there is only one size. */
export function drawCurves(result: SimulationResult, terminal: Terminal): string {
  const sizes = result.curves[0]?.points.map(({ size }) => size) ?? []
  if (sizes.length < 2) return drawBars(result, terminal)
  const columns = Math.max(20, Math.min(terminal.columns, widest) - axisWidth - labelWidth)
  const ticks = ratioTicks(Math.max(...result.curves.flatMap(({ points }) => points.map(({ hitRatio }) => hitRatio))))
  const highest = ticks.at(-1) ?? 1
  const canvas = new BrailleCanvas<Colour>(columns, rows)
  const toX = sizeScale(sizes)
  const x: Scale = (size) => toX(size) * (canvas.width - 1)
  const y: Scale = (ratio) => (1 - ratio / highest) * (canvas.height - 1)

  // What comes later lies on top.
  const inOrder = result.curves.toSorted((one, other) => layerOf(one) - layerOf(other))
  for (const curve of inOrder) drawLines(canvas, curve, x, y)
  for (const curve of inOrder) drawMarks(canvas, curve, x, y)

  const labels = placeLabels(result.curves, (ratio) => y(ratio) >> 2)
  const tickRows = new Map(ticks.map((tick) => [y(tick) >> 2, `${Number((tick * 100).toFixed(2))} %`]))
  const lines = canvas.lines(terminal.paint).map((line, row) => {
    const tick = tickRows.get(row) ?? ''
    const label = labels.get(row)
    const name = label === undefined ? '' : terminal.paint(colourOf[label], ` ${markOf[label]} ${label}`)
    return `${tick.padStart(axisWidth - 2)} ${tick === '' ? '│' : '┤'}${line}${name}`
  })
  const indent = ' '.repeat(axisWidth - 1)
  return [
    ...lines,
    `${indent}└${'─'.repeat(columns)}`,
    `${indent} ${sizeAxis(sizes, (size) => x(size) >> 1, columns)}`,
    '',
  ].join('\n')
}

function layerOf({ policy }: Curve): number {
  return policy === 'opt' ? 0 : policy === 'tinylfu' ? 2 : 1
}

function drawLines(canvas: BrailleCanvas<Colour>, { policy, points }: Curve, x: Scale, y: Scale): void {
  for (const [at, { size, hitRatio }] of points.entries()) {
    const before = points[at - 1]
    if (before === undefined) continue
    canvas.line(x(before.size), y(before.hitRatio), x(size), y(hitRatio), colourOf[policy])
  }
}

function drawMarks(canvas: BrailleCanvas<Colour>, { policy, points }: Curve, x: Scale, y: Scale): void {
  for (const { size, hitRatio } of points) canvas.letter(x(size), y(hitRatio), markOf[policy], colourOf[policy])
}

// Each beside the end of its curve; where several would share a line, they move apart.
function placeLabels(curves: readonly Curve[], rowOf: (ratio: number) => number): ReadonlyMap<number, Curve['policy']> {
  const ends = curves.map(({ policy, points }) => ({ policy, ratio: points.at(-1)?.hitRatio ?? 0 }))
  ends.sort((one, other) => other.ratio - one.ratio)
  const placed: number[] = []
  for (const { ratio } of ends) placed.push(Math.max(rowOf(ratio), (placed.at(-1) ?? -1) + 1))
  for (let at = placed.length - 1, last = rows - 1; at >= 0; at--, last--) placed[at] = Math.min(placed[at] ?? 0, last)
  return new Map(ends.map(({ policy }, at) => [placed[at] ?? 0, policy]))
}

function sizeAxis(sizes: readonly number[], columnOf: (size: number) => number, columns: number): string {
  let axis = ''
  for (const size of sizes) {
    const text = shortSize(size)
    const start = Math.max(0, Math.min(columnOf(size) - (text.length >> 1), columns - text.length))
    if (start >= axis.length + (axis === '' ? 0 : 2)) axis = axis.padEnd(start) + text
  }
  return `${axis.padEnd(columns)} entries`
}

const rows = 18
const widest = 110
const axisWidth = 9
const labelWidth = 12
