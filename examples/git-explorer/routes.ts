import type { Search } from './answers.ts'
import type { Html } from './html.ts'
import type { Nodes } from './nodes.ts'
import type { Visit } from './origin.ts'
import {
  blamePage,
  branchPage,
  commitPage,
  contributorsPage,
  filesPage,
  historyPage,
  homePage,
  searchPage,
} from './pages.ts'
import { branchHref, type Place } from './parts.ts'

const longestSearch = 200

/** There is no such page. */
export class NoSuchPage extends Error {
  override readonly name = 'NoSuchPage'
}

/** What a page is made from. */
export interface Sources {
  readonly nodes: Nodes
  readonly heads: ReadonlyMap<string, string>
}

/** What a page says. */
export interface Page {
  readonly title: string
  readonly content: Html
}

/** An address, taken apart: `/kind/name/view/path?query`. */
interface Address {
  readonly kind: string | undefined
  readonly name: string
  readonly view: string | undefined
  readonly path: string
  readonly query: URLSearchParams
}

/**
 * The page at an address: `/`, `/branch/NAME` and `/commit/HASH`, and below these `/history`, `/contributors`,
 * `/files/…`, `/blame/…` and `/search`.
 * @throws NoSuchPage; whatever a load throws
 */
export async function pageAt(url: URL, { nodes, heads }: Sources, visit: Visit): Promise<Page> {
  const address = addressOf(url)
  switch (address.kind) {
    case undefined:
      return { title: 'Branches', content: homePage(heads) }
    case 'branch':
      return pageOfBranch(address, nodes, visit)
    case 'commit':
      return pageOfCommit(address, nodes, visit)
    default:
      throw new NoSuchPage(url.pathname)
  }
}

// What a branch is at may change. From there on, everything is of a commit.
async function pageOfBranch(address: Address, nodes: Nodes, visit: Visit): Promise<Page> {
  const branch = await visit.ask(nodes.branch, address.name)
  const place = { href: branchHref(branch.name), title: branch.name, commit: branch.tip }
  if (address.view !== undefined) return viewOf(place, address, nodes, visit)
  const history = await visit.ask(nodes.history, { commit: branch.tip, page: 0 })
  return { title: branch.name, content: branchPage(branch, place, history) }
}

async function pageOfCommit(address: Address, nodes: Nodes, visit: Visit): Promise<Page> {
  const hash = address.name
  const place = { href: `/commit/${hash}`, title: hash.slice(0, 10), commit: hash }
  if (address.view !== undefined) return viewOf(place, address, nodes, visit)
  const commit = await visit.ask(nodes.commit, hash)
  return { title: commit.message.split('\n', 1)[0] ?? hash, content: commitPage(commit, place) }
}

async function viewOf(place: Place, { view, path, query }: Address, nodes: Nodes, visit: Visit): Promise<Page> {
  const { commit, title } = place
  switch (view) {
    case 'history': {
      const page = pageNumber(query.get('page') ?? '0')
      const history = await visit.ask(nodes.history, { commit, page })
      return { title: `History of ${title}`, content: historyPage(place, page, history) }
    }
    case 'contributors': {
      const people = await visit.ask(nodes.contributors, commit)
      return { title: `Contributors of ${title}`, content: contributorsPage(place, people) }
    }
    case 'files': {
      const files = await visit.ask(nodes.files, { commit, path })
      return { title: path === '' ? `Files of ${title}` : path, content: filesPage(place, path, files) }
    }
    case 'blame': {
      const hunks = await visit.ask(nodes.blame, { commit, path })
      return { title: path, content: blamePage(place, hunks) }
    }
    case 'search': {
      const text = (query.get('q') ?? '').trim().slice(0, longestSearch)
      const within: Search['within'] = query.get('within') === 'changes' ? 'changes' : 'messages'
      const found = text === '' ? undefined : await visit.ask(nodes.search, { commit, text, within })
      return { title: `Search in ${title}`, content: searchPage(place, { text, within }, found) }
    }
    default:
      throw new NoSuchPage(`${place.href}/${view}`)
  }
}

function pageNumber(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text)
  throw new NoSuchPage(`page ${text}`)
}

function addressOf(url: URL): Address {
  try {
    const segments = url.pathname.split('/').filter((segment) => segment !== '')
    const [kind, name = '', view, ...path] = segments.map(decodeURIComponent)
    return { kind, name, view, path: path.join('/'), query: url.searchParams }
  } catch {
    throw new NoSuchPage(url.pathname)
  }
}
