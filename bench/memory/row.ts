/** One line of the report: what was measured, of whom, and what was wished for. */
export interface Row {
  readonly group: string
  readonly what: string
  readonly unit: string
  readonly isMoreBetter: boolean
  readonly figures: Readonly<Record<string, number>>
  /** Of ours: what must be reached, and what was hoped for. */
  readonly reach?: number
  readonly aim?: number
}

export function verdict(row: Row): string {
  const ours = row.figures['tiercel']
  if (ours === undefined || row.reach === undefined) return ''
  const isAtLeast = (target: number): boolean => (row.isMoreBetter ? ours >= target : ours <= target)
  if (row.aim !== undefined && isAtLeast(row.aim)) return 'aim'
  return isAtLeast(row.reach) ? 'reached' : 'missed'
}
