import { type Row, verdict } from './row.ts'

const rowHeight = 22
const labelWidth = 330
const width = 860
const top = 64

/**
 * The rows as a picture: for each a bar that says how far ours is on the way from nothing to the target, so that
 * rows of different units can stand together. A line marks what must be reached. Follows the reader's light or dark theme.
 */
export function picture(rows: readonly Row[], title: string): string {
  const shown = rows.filter((row) => row.reach !== undefined && row.reach > 0 && row.figures['tiercel'] !== undefined)
  const height = top + shown.length * rowHeight + 24
  const scale = (width - labelWidth - 90) / 2
  const bars = shown.map((row, at) => {
    const y = top + at * rowHeight
    const done = Math.min(2, progressOf(row))
    const text = escape(row.what)
    const ours = `${row.figures['tiercel']?.toFixed(2)} ${row.unit}`
    return `<text x="${labelWidth - 10}" y="${y + 14}" text-anchor="end" class="label">${text}</text>
<rect x="${labelWidth}" y="${y + 3}" width="${(done * scale).toFixed(1)}" height="14" rx="3" class="${verdict(row)}"/>
<text x="${(labelWidth + done * scale + 6).toFixed(1)}" y="${y + 14}" class="figure">${escape(ours)}</text>`
  })
  const line = labelWidth + scale
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(title)}">
<style>
svg { font: 12px system-ui, sans-serif; background: #fff }
text { fill: #1f2430 } .title { font-size: 16px; font-weight: 600 } .label, .figure, .note { fill: #515a6b }
.aim { fill: #1a7f5a } .reached { fill: #4c8ddb } .missed { fill: #d9822b } .line { stroke: #8a93a5; stroke-dasharray: 3 3 }
@media (prefers-color-scheme: dark) {
  svg { background: #14171f } text { fill: #e6e9f0 } .label, .figure, .note { fill: #a9b2c3 }
  .aim { fill: #3fbf8f } .reached { fill: #6ba6ee } .missed { fill: #eba15a }
}
</style>
<text x="16" y="26" class="title">${escape(title)}</text>
<text x="${line}" y="50" text-anchor="middle" class="note">to be reached</text>
${bars.join('\n')}
<line x1="${line}" x2="${line}" y1="56" y2="${height - 16}" class="line"/>
</svg>
`
}

// 1 is the target; what ought to be small counts the other way round.
function progressOf(row: Row): number {
  const ours = row.figures['tiercel'] ?? 0
  const reach = row.reach ?? 1
  return row.isMoreBetter ? ours / reach : reach / Math.max(ours, reach / 2)
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
