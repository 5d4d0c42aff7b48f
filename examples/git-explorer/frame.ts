import { Html, html } from './html.ts'
import type { Origin } from './origin.ts'

/** What stands around every page. */
export interface Frame {
  readonly repository: { readonly name: string; readonly isShallow: boolean }
  readonly title: string
  readonly content: Html
  /** Where the page came from, and how long that took. Absent on pages about the explorer itself. */
  readonly answered?: { readonly origin: Origin; readonly milliseconds: number } | undefined
  /** Seconds after which the page wants to be shown anew. */
  readonly refreshEvery?: number | undefined
}

const originNames: Readonly<Record<Origin, string>> = {
  memory: 'answered from memory',
  sqlite: 'answered from SQLite',
  loaded: 'loaded from git',
}

/** A whole document. */
export function framed({ repository, title, content, answered, refreshEvery }: Frame): string {
  const refresh = refreshEvery === undefined ? '' : html`<meta http-equiv="refresh" content="${refreshEvery}" />`
  const origin =
    answered === undefined
      ? ''
      : html`<span
          ><b class="${answered.origin}">${originNames[answered.origin]}</b> in ${answered.milliseconds.toFixed(2)}
          ms</span
        >`
  const shallow = repository.isShallow ? html`<span>a shallow clone: its history has been cut off</span>` : ''
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        ${refresh}
        <title>${title} · ${repository.name}</title>
        <style>
          ${style}
        </style>
      </head>
      <body>
        <header>
          <a href="/"><b>${repository.name}</b></a
          ><a href="/stats">statistics</a>
        </header>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
        <footer>${origin}${shallow}<a href="/stats">how the cache is doing</a></footer>
      </body>
    </html> `.text
}

const style = new Html(`
:root { --ink: #1f2328; --dim: #656d76; --line: #d8dee4; --paper: #fff; --shade: #f6f8fa; --link: #0550ae;
  --good: #116329; --fair: #7d4e00; --slow: #a40e26 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --dim: #8d96a0; --line: #30363d; --paper: #0d1117;
  --shade: #161b22; --link: #6cb6ff; --good: #57ab5a; --fair: #d4a72c; --slow: #ff7b72 } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 68rem; padding: 0 1.25rem; color: var(--ink); background: var(--paper);
  font: 15px/1.55 system-ui, sans-serif }
a { color: var(--link); text-decoration: none } a:hover { text-decoration: underline }
header, footer { display: flex; flex-wrap: wrap; gap: .4rem 1.5rem; justify-content: space-between; padding: .9rem 0 }
header { border-bottom: 1px solid var(--line) }
footer { border-top: 1px solid var(--line); margin-top: 2rem; color: var(--dim); font-size: .87em }
h1 { font-size: 1.45rem; line-height: 1.3; margin: 1.4rem 0 .8rem; overflow-wrap: anywhere }
h2 { font-size: 1.1rem; margin: 1.8rem 0 .5rem }
nav { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; margin: 0 0 1rem }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
td, th { padding: .32rem .7rem .32rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line) }
th { font-weight: 600; color: var(--dim); font-size: .87em }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
td.narrow { white-space: nowrap; width: 1% }
code, pre, .mono { font: .87em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere }
pre.message { background: var(--shade); border: 1px solid var(--line); border-radius: 6px; padding: .8rem 1rem }
.dim { color: var(--dim) } .added, .memory { color: var(--good) } .removed, .loaded { color: var(--slow) }
.sqlite { color: var(--fair) }
form { display: flex; flex-wrap: wrap; gap: .5rem; margin: 0 0 1rem }
input, select, button { font: inherit; color: inherit; background: var(--shade); border: 1px solid var(--line);
  border-radius: 6px; padding: .25rem .6rem }
input[type=search] { flex: 1 1 16rem; min-width: 0 }
.blame td.number { width: 1% } .blame td { border: 0; padding-top: 0; padding-bottom: 0 } .blame tr.hunk td { border-top: 1px solid var(--line) }
`)
