import type { NodeStats } from 'tiercel'
import type { FileEntry, HistoryLine, Search } from './answers.ts'
import { type Html, html } from './html.ts'
import { commitsPerPage } from './repository.ts'

/*
 * What pages are put together from.
 */

/** A point in the history that pages can be asked of: a branch, wherever it is, or a commit. */
export interface Place {
  /** Where its pages are: `/branch/main`, `/commit/1f3c…`. */
  readonly href: string
  readonly title: string
  readonly commit: string
}

export function navigation(place: Place): Html {
  const views = ['history', 'contributors', 'files', 'search']
  return html`<nav>
    <a href="${place.href}">${place.title}</a>
    ${views.map((view) => html`<a href="${place.href}/${view}">${view}</a> `)}
  </nav>`
}

export function searchForm(place: Place, text: string, within: Search['within']): Html {
  const choice = within === 'changes' ? html` selected` : ''
  return html`<form action="${place.href}/search">
    <input
      type="search"
      name="q"
      value="${text}"
      maxlength="200"
      placeholder="Search this history"
      aria-label="Search this history"
    />
    <select name="within" aria-label="Where to search">
      <option value="messages">in messages</option>
      <option value="changes" ${choice}>in changes (slow)</option></select
    ><button>Search</button>
  </form>`
}

export function historyTable(history: readonly HistoryLine[]): Html {
  const rows = history.map(
    (commit) =>
      html`<tr>
        <td class="narrow">${hashLink(commit.hash)}</td>
        <td>
          ${commit.subject}
          <div class="dim">${commit.author}${commit.changes === '' ? '' : `, ${commit.changes}`}</div>
        </td>
        <td class="narrow dim">${date(commit.time)}</td>
      </tr>`,
  )
  return table(['Commit', '', 'Date'], rows)
}

export function pager(place: Place, page: number, history: readonly HistoryLine[]): Html {
  const newer = page === 0 ? '' : html`<a href="${place.href}/history?page=${page - 1}">newer</a>`
  const older = history.length < commitsPerPage ? '' : html`<a href="${place.href}/history?page=${page + 1}">older</a>`
  return html`<p>${newer} ${older}</p>`
}

export function table(columns: readonly string[], rows: readonly Html[]): Html {
  const head = columns.map((column) =>
    column.startsWith('#') ? html`<th class="number">${column.slice(1)}</th>` : html`<th>${column}</th>`,
  )
  return html`<div class="wide">
    <table>
      <thead>
        <tr>
          ${head}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`
}

export function fileLink(place: Place, file: FileEntry, name: string): Html {
  if (file.type === 'tree') return html`<a href="${pathHref(place, 'files', file.path)}">${name}/</a>`
  if (file.type === 'blob') return html`<a href="${pathHref(place, 'blame', file.path)}">${name}</a>`
  return html`${name} <span class="dim">(another repository)</span>`
}

export function hashLink(hash: string): Html {
  return html`<a class="mono" href="/commit/${hash}">${hash.slice(0, 10)}</a>`
}

export function branchHref(name: string): string {
  return `/branch/${encodeURIComponent(name)}`
}

export function pathHref(place: Pick<Place, 'href'>, view: 'files' | 'blame', path: string): string {
  return `${place.href}/${view}/${path.split('/').map(encodeURIComponent).join('/')}`
}

export function latency({ count, p50, p99 }: NodeStats['loadLatency']): Html {
  const show = (nanoseconds: number): string => (count === 0 ? '–' : `${(nanoseconds / 1e6).toFixed(1)} ms`)
  return html`<td class="number">${show(p50)}</td>
    <td class="number">${show(p99)}</td>`
}

export function more(left: number, what: string): Html {
  return left <= 0 ? html`` : html`<p class="dim">and ${left} more ${what}</p>`
}

export function count(number: number, noun: string, plural = 's', singular = ''): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? singular : plural}`
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

export function date(seconds: number): string {
  const moment = new Date(seconds * 1000)
  return Number.isNaN(moment.getTime()) ? '?' : moment.toISOString().slice(0, 10)
}
