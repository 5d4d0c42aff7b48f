import { invalidOption } from '../kernel/errors.ts'
import { isPolicyName, policyNames } from '../policies/create-policy.ts'
import type { PolicyName } from '../policies/policy.ts'

/** What can be simulated: every policy a cache can have, and `opt`, the best there can be, which knows the future. */
export type SimulatedPolicy = PolicyName | 'opt'

/** All that can be simulated. */
export const simulatedPolicies: readonly SimulatedPolicy[] = ['opt', ...policyNames]

/**
 * @param names policies, each once; `'all'` stands for all of them
 * @throws CacheError `INVALID_OPTION` for a name that is none
 */
export function parsePolicies(names: readonly string[]): readonly SimulatedPolicy[] {
  const asked = names.flatMap((name) => (name === 'all' ? simulatedPolicies : [parsePolicy(name)]))
  if (asked.length === 0) throw invalidOption('policies', 'at least one', names)
  return [...new Set(asked)]
}

function parsePolicy(name: string): SimulatedPolicy {
  if (name === 'opt' || isPolicyName(name)) return name
  throw invalidOption('policies', `some of ${simulatedPolicies.join(', ')}, or all`, name)
}
