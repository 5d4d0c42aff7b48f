import { missingLoad } from './arrive.ts'
import type { GetManyOptions } from './definition.ts'
import { mismatch } from './load.ts'
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
  const [value] = await straightMany(plan, [params], options)
  return value as Value
}

/** As {@link straight}, for a list: one `loadMany` where there is one. */
export async function straightMany<Params, Value>(
  plan: Plan<Params, Value>,
  list: readonly Params[],
  options: GetManyOptions<Params, Value> | undefined,
): Promise<Value[]> {
  plan.commons.refuseIfClosed()
  const loadMany = options?.load === undefined ? (options?.loadMany ?? plan.loadMany) : undefined
  if (loadMany === undefined) {
    if ((options?.load ?? plan.load) === undefined) throw missingLoad(plan)
    return Promise.all(list.map((params) => straight(plan, params, options)))
  }
  const answers = await loadMany(list, { signal: options?.signal ?? new AbortController().signal })
  if (answers.length !== list.length) throw mismatch(plan, list.length, answers.length)
  return answers.map((answer) => {
    if (answer instanceof Error) throw answer
    return answer as Value
  })
}
