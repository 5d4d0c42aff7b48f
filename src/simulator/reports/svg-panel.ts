import type { Curve, SimulationResult } from '../simulation-result.ts'
import { ratioTicks, type Scale, shortPercent, shortSize, sizeScale } from './scales.ts'
import { classOf } from './svg-style.ts'
import { escapeXml, round, textAt } from './svg-text.ts'

/** How large a panel is, in pixels. */
export interface PanelSize {
  readonly width: number
  readonly height: number
}

/** One trace: its curves, with axes. */
export function drawPanel(result: SimulationResult, { width, height }: PanelSize): string {
  const end = width - right
  const bottom = height - below
  const points = result.curves.flatMap((curve) => curve.points)
  const sizes = [...new Set(points.map(({ size }) => size))].sort((one, other) => one - other)
  const ticks = ratioTicks(Math.max(...points.map(({ hitRatio }) => hitRatio)))
  const highest = ticks.at(-1) ?? 1
  const toX = sizeScale(sizes)
  const x: Scale = (size) => round(left + toX(size) * (end - left))
  const y: Scale = (ratio) => round(bottom - (ratio / highest) * (bottom - top))
  // The optimum lies below, and what a reader looks for first on top.
  const inOrder = result.curves.toSorted((one, other) => layerOf(one) - layerOf(other))
  return [
    textAt(0, 14, 'trace', result.trace),
    textAt(0, 32, 'tick', summaryOf(result)),
    ...ticks.map((tick) => drawRatioTick(tick, y(tick), end)),
    ...sizeTicks(sizes, x).map((size) => drawSizeTick(size, x(size), bottom, shortPercent(size, result.keys))),
    `<path class="axis" d="M${left} ${bottom}H${end}"/>`,
    ...inOrder.map((curve) => drawCurve(curve, x, y)),
  ].join('\n')
}

function layerOf({ policy }: Curve): number {
  return policy === 'opt' ? 0 : policy === 'tinylfu' ? 2 : 1
}

function summaryOf({ requests, keys }: SimulationResult): string {
  return `${requests.toLocaleString('en')} requests for ${keys.toLocaleString('en')} keys`
}

function drawRatioTick(ratio: number, y: number, end: number): string {
  const line = `<path class="grid" d="M${left} ${y}H${end}"/>`
  return line + textAt(left - 8, y + 4, 'tick right', `${Number((ratio * 100).toFixed(2))} %`)
}

function drawSizeTick(size: number, x: number, bottom: number, share: string): string {
  const line = `<path class="axis" d="M${x} ${bottom}v4"/>`
  return line + textAt(x, bottom + 18, 'tick middle', shortSize(size)) + textAt(x, bottom + 32, 'tick middle', share)
}

// As many as have room beside each other; the largest is always among them.
function sizeTicks(sizes: readonly number[], x: Scale): readonly number[] {
  const shown: number[] = []
  for (const size of sizes.toReversed()) {
    const before = shown.at(-1)
    if (before === undefined || x(before) - x(size) >= leastTickGap) shown.push(size)
  }
  return shown
}

function drawCurve({ policy, points }: Curve, x: Scale, y: Scale): string {
  const path = points.map(({ size, hitRatio }, at) => `${at === 0 ? 'M' : 'L'}${x(size)} ${y(hitRatio)}`).join('')
  const marks = points.map(({ size, hitRatio }) => {
    const figures = `${policy}, ${size.toLocaleString('en')} entries: ${(hitRatio * 100).toFixed(2)} %`
    const circle = `class="mark ${classOf(policy)}" cx="${x(size)}" cy="${y(hitRatio)}" r="3.2"`
    return `<circle ${circle}><title>${escapeXml(figures)}</title></circle>`
  })
  return `<path class="curve ${classOf(policy)}" d="${path}"/>${marks.join('')}`
}

const left = 48
const right = 18
const top = 50
const below = 42
const leastTickGap = 38
