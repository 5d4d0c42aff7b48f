import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Row } from './row.ts'
import { subjects } from './subjects.ts'

/** Bytes of an entry after churn, each cache in a process of its own, which has nothing else to count. */
export function measureFootprint(progress: (what: string) => void): readonly Row[] {
  const child = fileURLToPath(new URL('./footprint-child.ts', import.meta.url))
  const bytes = (name: string, kind: string): number => {
    progress(`heap of ${name}, ${kind}`)
    const output = execFileSync(process.execPath, ['--expose-gc', ...process.execArgv, child, name, kind])
    return Number(output.toString())
  }
  const row = { group: 'memory', unit: 'bytes', isMoreBetter: false } as const
  const names = Object.keys(subjects)
  return (
    [
      ['strings', 75, 60],
      ['integers', 40, 32],
    ] as const
  ).map(([kind, reach, aim]) => ({
    ...row,
    what: `heap per entry at 100k, ${kind}`,
    figures: Object.fromEntries(names.map((name) => [name, bytes(name, kind)])),
    reach,
    aim,
  }))
}
