import { floorOf, roomOf, siblings } from './house.ts'
import { isRelative, resolveFrom, type Import, type Source } from './sources.ts'

/** Every breach of the rules of the house, one sentence each. */
export function violations(sources: readonly Source[], optionalPeers: readonly string[]): readonly string[] {
  return [
    ...sources.flatMap((source) => breachesOfFile(source, new Set(sources.map(({ path }) => path)), optionalPeers)),
    ...rings(sources).map((ring) => `ring: ${ring.join(' → ')}`),
  ]
}

function breachesOfFile(source: Source, paths: ReadonlySet<string>, optionalPeers: readonly string[]): string[] {
  const room = roomOf(source.path)
  if (floorOf(room) === undefined) return [`${source.path} is in no room of the house`]

  const breaches: string[] = []
  if (room === 'doors' && !source.isBarrel) breaches.push(`${source.path} is a door, and holds more than export … from`)
  for (const found of source.imports) {
    const breach = breachOfImport(source.path, found, paths, optionalPeers)
    if (breach !== undefined) breaches.push(`${source.path} ${breach}`)
  }
  return breaches
}

function breachOfImport(
  from: string,
  { kind, specifier }: Import,
  paths: ReadonlySet<string>,
  optionalPeers: readonly string[],
): string | undefined {
  if (specifier === undefined) return 'imports something computed, which nobody can check'
  if (specifier.startsWith('node:')) return undefined
  if (!isRelative(specifier)) {
    const isOptionalPeer = kind === 'dynamic' && roomOf(from) === 'storages' && optionalPeers.includes(specifier)
    return isOptionalPeer ? undefined : `imports ${specifier} from outside`
  }
  const to = resolveFrom(from, specifier)
  if (!paths.has(to)) return `imports ${specifier}, which is no file under src`
  return breachBetween(roomOf(from), roomOf(to), to)
}

function breachBetween(from: string, to: string, path: string): string | undefined {
  if (from === to) return undefined
  const fromFloor = floorOf(from)
  const toFloor = floorOf(to)
  if (fromFloor === undefined || toFloor === undefined) return undefined
  if (toFloor > fromFloor) return `imports ${path}, which is above it`
  if (toFloor === fromFloor && !siblings[from]?.includes(to))
    return `imports ${path}, which is another room of its floor`
  return undefined
}

/** One ring for every knot of files that reach each other; a type import counts like any other. */
function rings(sources: readonly Source[]): readonly (readonly string[])[] {
  const targets = new Map(sources.map((source) => [source.path, relativeTargets(source)]))
  const done = new Set<string>()
  const found: string[][] = []

  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start !== -1) found.push([...trail.slice(start), path])
    if (start !== -1 || done.has(path)) return
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of targets.keys()) visit(path, [])
  return found
}

function relativeTargets({ path, imports }: Source): readonly string[] {
  const targets = imports.flatMap(({ specifier }) =>
    specifier !== undefined && isRelative(specifier) ? [resolveFrom(path, specifier)] : [],
  )
  return [...new Set(targets)]
}
