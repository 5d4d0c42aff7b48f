import { readdirSync, readFileSync } from 'node:fs'
import { join, posix, sep } from 'node:path'
import { parseSync } from 'oxc-parser'

/** One mention of another module. `specifier` is undefined when it is computed and so can't be read. */
export interface Import {
  readonly kind: 'static' | 'dynamic' | 'type'
  readonly specifier: string | undefined
}

export interface Source {
  /** Relative to the folder that was read, with forward slashes. */
  readonly path: string
  readonly imports: readonly Import[]
  /** Whether the file holds nothing but `export … from`. */
  readonly isBarrel: boolean
  /** Every name the file mentions, as a type or as a value. */
  readonly names: ReadonlySet<string>
  readonly text: string
}

/** Parses every TypeScript file below a folder: `import`, `export … from`, `import()`, `require()`, `import('…').T`. */
export function readSources(folder: string, ending = '.ts'): readonly Source[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.split(sep).join('/'))
    .filter((path) => path.endsWith(ending))
    .sort()
    .map((path) => parse(path, readFileSync(join(folder, path), 'utf8')))
}

/** Where a relative import of `from` leads, as a path of the same kind; `../…` when it leaves the folder. */
export function resolveFrom(from: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(from), specifier))
}

export function isRelative(specifier: string): boolean {
  return specifier.startsWith('./') || specifier.startsWith('../')
}

type Node = Readonly<Record<string, unknown>> & { readonly type: string }

function parse(path: string, text: string): Source {
  const { program, errors } = parseSync(path, text)
  const [error] = errors
  if (error) throw new Error(`${path} can't be parsed: ${error.message}`)

  const imports: Import[] = []
  const names = new Set<string>()
  for (const node of nodesOf(program)) {
    if (node.type === 'Identifier') names.add(String(node['name']))
    const found = importOf(node, text)
    if (found) imports.push(found)
  }
  const isBarrel = program.body.every(
    (statement) =>
      statement.type === 'ExportAllDeclaration' ||
      (statement.type === 'ExportNamedDeclaration' && statement.source !== null),
  )
  return { path, imports, isBarrel, names, text }
}

function importOf(node: Node, text: string): Import | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      if (!isNode(node['source'])) return undefined
      return { kind: 'static', specifier: literal(node['source'], text) }
    case 'ImportExpression':
      return { kind: 'dynamic', specifier: literal(node['source'], text) }
    case 'TSImportType':
      return { kind: 'type', specifier: literal(node['source'] ?? node['argument'], text) }
    case 'TSExternalModuleReference':
      return { kind: 'static', specifier: literal(node['expression'], text) }
    case 'CallExpression': {
      const callee = node['callee']
      if (!isNode(callee) || callee.type !== 'Identifier' || callee['name'] !== 'require') return undefined
      return {
        kind: 'dynamic',
        specifier: Array.isArray(node['arguments']) ? literal(node['arguments'][0], text) : undefined,
      }
    }
    default:
      return undefined
  }
}

// `'name' as string` counts as a literal: it keeps the compiler from looking for a package that may be absent.
function literal(node: unknown, text: string): string | undefined {
  if (!isNode(node)) return undefined
  const written = text.slice(Number(node['start']), Number(node['end']))
  return /^(['"`])([^'"`$]*)\1(?:\s+as\s+string)?$/.exec(written)?.[2]
}

function* nodesOf(value: unknown): Generator<Node> {
  if (Array.isArray(value)) {
    for (const item of value) yield* nodesOf(item)
    return
  }
  if (typeof value !== 'object' || value === null) return
  if (isNode(value)) yield value
  for (const child of Object.values(value)) yield* nodesOf(child)
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}
