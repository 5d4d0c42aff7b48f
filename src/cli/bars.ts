import type { SimulationResult } from '../simulator/simulation-result.ts'
import { colourOf } from './marks.ts'
import type { Terminal } from './terminal.ts'

/** A bar for every policy, the longest first: for a single size, where there is no curve to draw. */
export function drawBars({ curves }: SimulationResult, terminal: Terminal): string {
  const bars = curves.map(({ policy, points }) => ({ policy, ratio: points[0]?.hitRatio ?? 0 }))
  bars.sort((one, other) => other.ratio - one.ratio)
  const longest = Math.max(...bars.map(({ ratio }) => ratio), Number.MIN_VALUE)
  const room = Math.max(10, Math.min(terminal.columns, widest) - nameWidth - figureWidth)
  const lines = bars.map(({ policy, ratio }) => {
    const bar = barOf((ratio / longest) * room)
    return `${policy.padStart(nameWidth - 1)} ${terminal.paint(colourOf[policy], bar)} ${(ratio * 100).toFixed(2)} %`
  })
  return [...lines, ''].join('\n')
}

// To an eighth of a character.
function barOf(length: number): string {
  const eighths = Math.round(length * 8)
  return '█'.repeat(eighths >> 3) + ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths & 7]
}

const nameWidth = 9
const figureWidth = 10
const widest = 90
