import { missingLoad } from './arrive.ts'
import type { GetManyOptions } from './definition.ts'
import type { Plan } from './plan.ts'

/** The load itself, and nothing else: the way of a node that is not enabled. */
export async function straight<Params, Value>(
  plan: Plan<Params, Value>,
  params: Params,
  options: GetManyOptions<Params, Value> | undefined,
): Promise<Value> {
  plan.commons.refuseIfClosed()
  const context = { signal: options?.signal ?? new AbortController().signal }
  const load = options?.load ?? plan.load
  if (load !== undefined) return load(params, context)
  const loadMany = options?.loadMany ?? plan.loadMany
  if (loadMany === undefined) throw missingLoad(plan)
  const [value] = await loadMany([params], context)
  if (value instanceof Error) throw value
  return value as Value
}
