import type { CacheStats } from 'tiercel'
import type { BlameHunk, Branch, CommitDetails, Contributor, FileEntry, HistoryLine, Search } from './answers.ts'
import { type Html, html } from './html.ts'
import {
  branchHref,
  count,
  date,
  fileLink,
  hashLink,
  historyTable,
  latency,
  more,
  navigation,
  pager,
  pathHref,
  percent,
  type Place,
  searchForm,
  table,
} from './parts.ts'

const mostFiles = 500
const mostBranches = 200

export function homePage(heads: ReadonlyMap<string, string>): Html {
  const rows = [...heads].slice(0, mostBranches).map(
    ([name, tip]) =>
      html`<tr>
        <td><a href="${branchHref(name)}">${name}</a></td>
        <td>${hashLink(tip)}</td>
      </tr>`,
  )
  return html`${table(['Branch', 'is at'], rows)}${more(heads.size - rows.length, 'branches')}`
}

export function branchPage(branch: Branch, place: Place, history: readonly HistoryLine[]): Html {
  return html`${navigation(place)}${searchForm(place, '', 'messages')}
    <p class="dim">${count(branch.commitCount, 'commit')}, at ${hashLink(branch.tip)}</p>
    ${historyTable(history)}${pager(place, 0, history)}`
}

export function commitPage(commit: CommitDetails, place: Place): Html {
  const shown = commit.files.slice(0, mostFiles)
  const rows = shown.map(
    ({ path, added, removed }) =>
      html`<tr>
        <td><a href="${pathHref(place, 'blame', path)}">${path}</a></td>
        <td class="number added">${added === null ? 'binary' : `+${added}`}</td>
        <td class="number removed">${removed === null ? '' : `−${removed}`}</td>
      </tr>`,
  )
  const added = commit.files.reduce((sum, file) => sum + (file.added ?? 0), 0)
  const removed = commit.files.reduce((sum, file) => sum + (file.removed ?? 0), 0)
  const parents = commit.parents.map((parent) => html` ${hashLink(parent)}`)
  return html`${navigation(place)}
    <p class="dim">${commit.author}, ${date(commit.time)}, after${parents.length === 0 ? ' nothing' : parents}</p>
    <pre class="message">${commit.message}</pre>
    <h2>
      ${count(commit.files.length, 'file')}, <span class="added">+${added}</span>
      <span class="removed">−${removed}</span>
    </h2>
    ${table(['File', '', ''], rows)}${more(commit.files.length - shown.length, 'files')}`
}

export function historyPage(place: Place, page: number, history: readonly HistoryLine[]): Html {
  return html`${navigation(place)}${historyTable(history)}${pager(place, page, history)}`
}

export function contributorsPage(place: Place, people: readonly Contributor[]): Html {
  const shown = people.slice(0, mostFiles)
  const rows = shown.map(
    (person) =>
      html`<tr>
        <td>${person.name}</td>
        <td class="number">${person.commitCount}</td>
        <td class="narrow dim">${date(person.first)}</td>
        <td class="narrow dim">${date(person.last)}</td>
      </tr>`,
  )
  return html`${navigation(place)}${table(['Name', '#Commits', 'First', 'Latest'], rows)}
  ${more(people.length - shown.length, 'people')}`
}

export function filesPage(place: Place, path: string, files: readonly FileEntry[]): Html {
  const rows = files.map((file) => {
    const name = path === '' ? file.path : file.path.slice(path.length + 1)
    return html`<tr>
      <td>${fileLink(place, file, name)}</td>
      <td class="number dim">${file.size ?? ''}</td>
    </tr>`
  })
  return html`${navigation(place)}${table(['Name', '#Bytes'], rows)}`
}

export function blamePage(place: Place, hunks: readonly BlameHunk[]): Html {
  if (hunks.length === 0)
    return html`${navigation(place)}
      <p class="dim">No lines: the file is empty, or not text.</p>`
  const rows = hunks.flatMap((hunk) =>
    hunk.lines.map((line, index) => {
      const origin = html`${hashLink(hunk.hash)} <span class="dim">${hunk.author}</span>`
      return html`<tr class="${index === 0 ? 'hunk' : ''}">
        <td class="narrow" title="${hunk.subject}">${index === 0 ? origin : ''}</td>
        <td class="number dim">${hunk.firstLine + index}</td>
        <td><pre>${line}</pre></td>
      </tr>`
    }),
  )
  return html`${navigation(place)}
    <div class="wide">
      <table class="blame">
        ${rows}
      </table>
    </div>`
}

export function searchPage(
  place: Place,
  { text, within }: Pick<Search, 'text' | 'within'>,
  found: readonly HistoryLine[] | undefined,
): Html {
  const result =
    found === undefined ? '' : found.length === 0 ? html`<p class="dim">Nothing found.</p>` : historyTable(found)
  return html`${navigation(place)}${searchForm(place, text, within)}${result}`
}

export function messagePage(message: string): Html {
  return html`<p>${message}</p>`
}

/** How the cache is doing. */
export function statsPage(stats: CacheStats, processCount: number): Html {
  const nodes = Object.entries(stats.nodes).map(
    ([name, node]) =>
      html`<tr>
        <td>${name}</td>
        <td class="number">${node.requestCount}</td>
        <td class="number">${percent(node.hitRate)}</td>
        ${node.tiers.map((tier) => html`<td class="number">${tier.hitCount}</td>`)}
        <td class="number">${node.coalescedCount}</td>
        <td class="number">${node.loadCount}</td>
        <td class="number">${node.loadFailureCount}</td>
        ${latency(node.loadLatency)}
      </tr>`,
  )
  const tiers = Object.values(stats.nodes)[0]?.tiers.map((tier) => `#from ${tier.storageType}`) ?? []
  const entryCount = stats.storages['memory']?.entryCount ?? 0
  const columns = ['Node', '#Requests', '#Hits', ...tiers, '#Waited', '#Loads', '#Failed', '#Load p50', '#Load p99']
  return html`<p>
      ${count(stats.requestCount, 'request')} of nodes, ${percent(stats.hitRate)} answered without a load;
      ${count(processCount, 'git process', 'es')}; ${count(entryCount, 'entr', 'ies', 'y')} in memory.
    </p>
    ${table(columns, nodes)}`
}
