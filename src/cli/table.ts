import { shortPercent } from '../simulator/reports/scales.ts'
import type { Curve, SimulationResult } from '../simulator/simulation-result.ts'
import { colourOf } from './marks.ts'
import type { Terminal } from './terminal.ts'

/** The figures as a table: sizes down, policies across, hit ratios in percent. The best without foresight stand out. */
export function formatTable(result: SimulationResult, terminal: Terminal): string {
  const { curves, keys } = result
  const sizes = curves[0]?.points.map(({ size }) => size) ?? []
  const labels = sizes.map((size) => `${size.toLocaleString('en')} (${shortPercent(size, keys)})`)
  const first = Math.max(...labels.map((label) => label.length), 'size'.length)
  const heads = curves.map(({ policy }) => terminal.paint(colourOf[policy], policy.padStart(widthOf(policy))))
  const rows = labels.map((label, row) => {
    const best = Math.max(...curves.map((curve) => (curve.policy === 'opt' ? 0 : hitsIn(curve, row))))
    const cells = curves.map((curve) => {
      const cell = ((hitsIn(curve, row) / result.requests) * 100).toFixed(2).padStart(widthOf(curve.policy))
      const isBest = curve.policy !== 'opt' && best > 0 && hitsIn(curve, row) === best
      return isBest ? terminal.paint('bold', terminal.paint('green', cell)) : cell
    })
    return label.padStart(first) + cells.join('')
  })
  return [...headOf(result, terminal), '', 'size'.padStart(first) + heads.join(''), ...rows, ''].join('\n')
}

function headOf(result: SimulationResult, terminal: Terminal): readonly string[] {
  const { trace, requests, keys, broken, brokenCount, skippedCount } = result
  const counts = `${requests.toLocaleString('en')} requests, ${keys.toLocaleString('en')} keys`
  const most = `at most ${((1 - keys / requests) * 100).toFixed(2)} % can hit`
  const skipped = skippedCount === 0 ? [] : [`${linesOf(skippedCount)} skipped: no requests`]
  const notes = broken.map(({ why }) => terminal.paint('yellow', `  ${why}`))
  const left = brokenCount > broken.length ? [terminal.paint('yellow', '  …')] : []
  const note = terminal.paint('yellow', `${linesOf(brokenCount)} could not be read:`)
  const trouble = brokenCount === 0 ? [] : [note, ...notes, ...left]
  return [`${terminal.paint('bold', trace)}: ${counts}; ${most}`, ...skipped, ...trouble]
}

function linesOf(count: number): string {
  return count === 1 ? '1 line' : `${count.toLocaleString('en')} lines`
}

function hitsIn(curve: Curve, row: number): number {
  return curve.points[row]?.hits ?? 0
}

function widthOf(policy: string): number {
  return Math.max(policy.length, '100.00'.length) + 2
}
