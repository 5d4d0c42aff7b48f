import type { SimulatedPolicy } from '../simulated-policies.ts'
import type { SimulationResult } from '../simulation-result.ts'
import { drawPanel, type PanelSize } from './svg-panel.ts'
import { classOf, style } from './svg-style.ts'
import { escapeXml, textAt } from './svg-text.ts'

/**
 * The curves as a picture: a panel for every trace, hit ratio over size. Follows the reader's light or dark theme; every point
 * tells its figures when the mouse is over it.
 */
export function toSvg(
  results: readonly SimulationResult[],
  { title = 'Hit ratio by cache size' }: { readonly title?: string } = {},
): string {
  const panel = results.length > 1 ? oneOfMany : single
  const columns = Math.max(1, Math.min(results.length, mostColumns))
  const width = margin * 2 + columns * panel.width + (columns - 1) * gap
  const policies = [...new Set(results.flatMap(({ curves }) => curves.map(({ policy }) => policy)))]
  const legend = drawLegend(policies, width)
  const top = headHeight + legend.height
  const panels = results.map((result, at) => {
    const x = margin + (at % columns) * (panel.width + gap)
    const y = top + Math.floor(at / columns) * (panel.height + gap)
    return `<g transform="translate(${x} ${y})">\n${drawPanel(result, panel)}\n</g>`
  })
  const rows = Math.ceil(results.length / columns)
  const height = top + rows * panel.height + Math.max(0, rows - 1) * gap + margin
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(title)}">
<style>${style(policies)}</style>
<rect class="page" width="${width}" height="${height}" rx="10"/>
${textAt(margin, 38, 'title', title)}
${textAt(margin, 58, 'note', caption)}
${legend.svg}
${panels.join('\n')}
</svg>
`
}

function drawLegend(
  policies: readonly SimulatedPolicy[],
  width: number,
): { readonly svg: string; readonly height: number } {
  const items: string[] = []
  let x = margin
  let y = headHeight
  for (const policy of policies) {
    const itemWidth = 46 + policy.length * 6.4
    if (x + itemWidth > width - margin) {
      x = margin
      y += legendRow
    }
    const line = `<path class="curve ${classOf(policy)}" d="M${x} ${y - 4}h22"/>`
    const mark = `<circle class="mark ${classOf(policy)}" cx="${x + 11}" cy="${y - 4}" r="3.2"/>`
    items.push(line + mark + textAt(x + 28, y, 'name', policy))
    x += itemWidth
  }
  return { svg: items.join('\n'), height: y - headHeight + legendRow }
}

const caption = 'How many requests find their key; below, the entries kept and their part of all keys'
const single: PanelSize = { width: 760, height: 440 }
const oneOfMany: PanelSize = { width: 460, height: 340 }
const margin = 28
const gap = 24
const headHeight = 88
const legendRow = 22
const mostColumns = 3
