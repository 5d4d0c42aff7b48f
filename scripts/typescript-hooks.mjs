import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { transform } from 'esbuild'

const doors = new URL('../src/doors/', import.meta.url)

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, next) {
  const [, door = 'index'] = /^tiercel(?:\/([a-z-]+))?$/.exec(specifier) ?? [undefined, undefined]
  const isOurs = specifier === 'tiercel' || specifier.startsWith('tiercel/')
  return isOurs ? { url: new URL(`${door}.ts`, doors).href, shortCircuit: true } : next(specifier, context)
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, next) {
  // A module may be asked for under several names: what the compiler learns in one copy stays there.
  if (!url.startsWith('file:') || !new URL(url).pathname.endsWith('.ts')) return next(url, context)
  const path = fileURLToPath(url)
  const { code } = await transform(await readFile(path, 'utf8'), {
    loader: 'ts',
    format: 'esm',
    target: 'es2022',
    sourcefile: path,
    sourcemap: 'inline',
  })
  return { format: 'module', source: code, shortCircuit: true }
}
