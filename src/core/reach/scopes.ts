import { invalidOption } from '../../kernel/errors.ts'
import type { ScopeStep } from '../../kernel/keys.ts'

/** A level of a tree of scopes: the param that has its value, and the levels below. */
export interface ScopeLevel {
  readonly param: string
  readonly children?: ScopeTree
}

/** Levels by name. Names are unique over all trees. */
export interface ScopeTree {
  readonly [name: string]: ScopeLevel
}

/** What a level may have as its value; 1 and '1' are the same. */
export type ScopeValue = string | number

/** The names of all levels of a tree. */
export type ScopeName<Tree extends ScopeTree> = {
  [Name in keyof Tree & string]:
    | Name
    | (Tree[Name] extends { children: infer Children extends ScopeTree } ? ScopeName<Children> : never)
}[keyof Tree & string]

/** The params that a level needs: its own and those of the levels above it. */
export type ScopeParams<Tree extends ScopeTree, Wanted extends string> = {
  [Name in keyof Tree & string]: Name extends Wanted
    ? { readonly [Param in Tree[Name]['param']]: ScopeValue }
    : Tree[Name] extends { children: infer Children extends ScopeTree }
      ? [Extract<ScopeName<Children>, Wanted>] extends [never]
        ? never
        : { readonly [Param in Tree[Name]['param']]: ScopeValue } & ScopeParams<Children, Wanted>
      : never
}[keyof Tree & string]

/** A place in a tree: a value for a level and for each above it. */
export type ScopePath<Tree extends ScopeTree> = {
  [Name in keyof Tree & string]:
    | { readonly [Level in Name]: ScopeValue }
    | (Tree[Name] extends { children: infer Children extends ScopeTree }
        ? { readonly [Level in Name]: ScopeValue } & ScopePath<Children>
        : never)
}[keyof Tree & string]

/** Trees of scopes, checked: see {@link defineScopes}. */
export interface Scopes<Tree extends ScopeTree = ScopeTree> {
  readonly tree: Tree
  /** The levels down to one, from the root. @throws CacheError `INVALID_OPTION` for a name that no level has */
  pathTo(name: string, where: string): readonly Level[]
}

/** A level by name, and the param it takes its value from. */
export interface Level {
  readonly name: string
  readonly param: string
}

/** The scope that everything is in. */
export const globalScope = 'global'

/**
 * Defines trees of scopes: tenants, their users, their sessions.
 *
 * @throws CacheError `INVALID_OPTION` for a name that two levels have, or that says nothing
 * @example
 * const scopes = defineScopes({
 *   organization: { param: 'orgId', children: { user: { param: 'userId' } } },
 * })
 * const cache = createCache({ scopes })
 */
export function defineScopes<const Tree extends ScopeTree>(tree: Tree): Scopes<Tree> {
  const paths = new Map<string, readonly Level[]>()
  collect(tree, [], paths)
  return Object.freeze({
    tree,
    pathTo(name: string, where: string) {
      const path = paths.get(name)
      if (path !== undefined) return path
      const known =
        paths.size === 0 ? 'a scope, and createCache({ scopes }) defines none' : [...paths.keys()].join(', ')
      throw invalidOption(`${where}: scope`, `a level (${known}, ${globalScope})`, name)
    },
  })
}

function collect(tree: ScopeTree, above: readonly Level[], paths: Map<string, readonly Level[]>): void {
  for (const [name, level] of Object.entries(tree)) {
    const where = `defineScopes: ${[...above.map((one) => one.name), name].join('.')}`
    if (name === '' || name === globalScope || paths.has(name)) {
      throw invalidOption(where, `a name that no other level has, nor '${globalScope}'`, name)
    }
    const { param, children = {} } = (level ?? {}) as Partial<ScopeLevel>
    if (typeof param !== 'string' || param === '') throw invalidOption(`${where}.param`, 'the name of a param', param)
    const path = [...above, { name, param }]
    paths.set(name, path)
    collect(children, path, paths)
  }
}

/** The steps of a scope, by the params that have its values. @throws CacheError `INVALID_OPTION` that names what is missing */
export function stepsFromParams(path: readonly Level[], params: unknown, where: string): ScopeStep[] {
  const values = typeof params === 'object' && params !== null ? (params as Readonly<Record<string, unknown>>) : {}
  return path.map(({ name, param }) => [name, scopeValue(values[param], `${where}: scope '${name}' needs '${param}'`)])
}

/**
 * The steps of a scope that was named by its levels.
 * @throws CacheError `INVALID_OPTION` for levels that don't lie on one way from the root
 */
export function stepsFromLevels(scopes: Scopes, scope: Readonly<Record<string, unknown>>, where: string): ScopeStep[] {
  const names = Object.keys(scope).filter((name) => scope[name] !== undefined)
  const paths = names.map((name) => scopes.pathTo(name, where))
  const path = paths.toSorted((a, b) => b.length - a.length)[0]
  if (path === undefined) throw invalidOption(`${where}: scope`, 'a level and its value', scope)
  const stray = names.find((name) => !path.some((level) => level.name === name))
  if (stray !== undefined) {
    throw invalidOption(`${where}: scope`, `levels on one way (${path.map(({ name }) => name).join(', ')})`, stray)
  }
  return path.map(({ name }) => [name, scopeValue(scope[name], `${where}: scope: '${name}'`)])
}

function scopeValue(value: unknown, where: string): ScopeValue {
  if (typeof value === 'string' || (typeof value === 'number' && !Number.isNaN(value))) return value
  throw invalidOption(where, 'a string or a number', value)
}
