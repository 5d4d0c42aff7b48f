import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import type * as testingDoor from 'tiercel/testing'
import { root } from '../../architecture/project.ts'

/** A guard switched off: one place of one source file, said otherwise. */
export interface Mutation {
  /** Path under `src`. */
  readonly file: string
  /** What stands there, exactly once. */
  readonly from: string
  readonly to: string
}

/**
 * The testing door over sources in which some guards are switched off. The sources themselves have no switch: they are
 * bundled anew, with other words in one place.
 *
 * @throws Error where a source no longer says what was to be changed
 */
export async function mutated(mutations: readonly Mutation[]): Promise<typeof testingDoor> {
  const folder = mkdtempSync(join(tmpdir(), 'tiercel-mutant-'))
  const outfile = join(folder, 'testing.mjs')
  const met = new Set<string>()
  try {
    await build({
      entryPoints: [join(root, 'src/doors/testing.ts')],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'es2022',
      logLevel: 'silent',
      plugins: [
        {
          name: 'mutate',
          setup({ onLoad }) {
            onLoad({ filter: /\.ts$/ }, ({ path }) => {
              const ours = mutations.filter(({ file }) => path === join(root, 'src', file))
              for (const { file } of ours) met.add(file)
              return { contents: ours.reduce(mutate, readFileSync(path, 'utf8')), loader: 'ts' }
            })
          },
        },
      ],
    })
    for (const { file } of mutations) if (!met.has(file)) throw new Error(`${file} is no file of the testing door`)
    return (await import(pathToFileURL(outfile).href)) as typeof testingDoor
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function mutate(source: string, { file, from, to }: Mutation): string {
  const parts = source.split(from)
  if (parts.length !== 2) throw new Error(`${file} says ${JSON.stringify(from)} ${parts.length - 1} times, not once`)
  return parts.join(to)
}
