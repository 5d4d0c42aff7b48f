import type { SimulatedPolicy } from '../simulated-policies.ts'

/** The class of what belongs to a policy. */
export function classOf(policy: SimulatedPolicy): string {
  return `is-${policy}`
}

/** The style sheet of a picture with these policies, for light and dark. */
export function style(policies: readonly SimulatedPolicy[]): string {
  const colours = (theme: 0 | 1): string =>
    policies.map((policy) => `.${classOf(policy)}{--c:${colourOf[policy][theme]}}`).join('')
  return `
svg{font:13px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;--page:#fff;--ink:#1c2330;--faint:#667085;--grid:#e6e9ef;--axis:#b4bccb}
${colours(0)}
.page{fill:var(--page)}text{fill:var(--faint)}.title{font-size:19px;font-weight:650;fill:var(--ink)}
.trace{font-size:15px;font-weight:600;fill:var(--ink)}.name{fill:var(--ink)}.note{font-size:12px}.tick{font-size:11px;font-variant-numeric:tabular-nums}.right{text-anchor:end}.middle{text-anchor:middle}
.grid{stroke:var(--grid)}.axis{stroke:var(--axis)}
.curve{fill:none;stroke:var(--c);stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
.mark{fill:var(--c);stroke:var(--page);stroke-width:1.2}
.curve.is-opt{stroke-dasharray:2 5}.curve.is-tinylfu{stroke-width:3}
@media (prefers-color-scheme:dark){svg{--page:#12151c;--ink:#e8ebf2;--faint:#98a2b5;--grid:#242a36;--axis:#485163}
${colours(1)}}
`
}

// Told apart by people who see fewer colours, too: they differ in lightness as well. Light theme, dark theme.
const colourOf: Readonly<Record<SimulatedPolicy, readonly [string, string]>> = {
  opt: ['#7b8496', '#9aa4b8'],
  tinylfu: ['#d1345b', '#ff6b8b'],
  arc: ['#7a4fd0', '#b18cff'],
  s3fifo: ['#0f8b6d', '#3ecfa5'],
  sieve: ['#c98a00', '#f2bd3d'],
  lru: ['#2468d6', '#6aa5ff'],
  lfu: ['#3aa6c9', '#6fd6f2'],
  fifo: ['#8a5a3b', '#c99a78'],
}
