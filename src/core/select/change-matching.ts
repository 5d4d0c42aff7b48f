import type { LocalStorage } from '../../contracts/local-storage.ts'
import type { Places } from '../plan.ts'
import type { Channel } from '../tiers/channel.ts'
import type { RemoteTier } from '../tiers/remote-tier.ts'
import { owing } from '../tiers/owed.ts'
import { wholeTier } from '../tiers/whole-tier.ts'
import type { Match } from './match.ts'
import type { Realm } from './selector.ts'

/**
 * Deletes what matches, or makes it stale, in this process and in every storage.
 *
 * It goes through the storage twice: what a load has written during the first time is found in the second. Leases go
 * with the entries, so that loads of other processes that began before can't write any more.
 *
 * @returns how many entries the storages had, of those that hold most
 * @throws CacheError `STORAGE_UNAVAILABLE`; `UNSUPPORTED` where a storage can't list, unless its entries can be cleared
 */
export async function changeMatching(realm: Realm, match: Match, kind: 'invalidate' | 'expire'): Promise<number> {
  const { commons, storages } = realm
  const channels = [...storages.channels.values()]
  const cutCount = cut(realm, match, kind)
  if (channels.length === 0) return cutCount
  const changeAll = async (): Promise<number[]> => {
    try {
      const outcomes = await Promise.allSettled(
        channels.map((channel) =>
          owing(channel.owed, { heads: match.heads }, () => changeIn(realm, channel, match, kind)),
        ),
      )
      return outcomes.map((outcome) => {
        if (outcome.status === 'rejected') throw outcome.reason
        return outcome.value
      })
    } finally {
      cut(realm, match, kind)
    }
  }
  return Math.max(cutCount, ...(await commons.changes.runAlone(changeAll)))
}

async function changeIn(realm: Realm, channel: Channel, match: Match, kind: 'invalidate' | 'expire'): Promise<number> {
  const tier = wholeTier(realm.commons, channel)
  const whole = kind === 'invalidate' ? match.whole : []
  const listed = match.heads.filter((head) => !whole.includes(head))
  // Clearing takes leases too, whether or not the storage can list them; listing first is for the count.
  const canList = channel.storage.capabilities.scan !== undefined
  const count = await changeListed(tier, match, canList ? match.heads : listed, kind)
  for (const head of whole) await tier.clear(head)
  return Math.max(count, await changeListed(tier, match, listed, kind))
}

async function changeListed(
  tier: RemoteTier,
  match: Match,
  heads: readonly string[],
  kind: 'invalidate' | 'expire',
): Promise<number> {
  let count = 0
  for (const head of heads) {
    for await (const page of tier.keys(head)) {
      const meant = page.filter((key) => match.isMeant(key))
      if (meant.length === 0) continue
      if (kind === 'invalidate') count += await tier.drop(meant)
      else {
        await tier.expire(meant)
        count += meant.length
      }
    }
    for await (const page of tier.leasedKeys(head)) {
      const meant = page.filter((key) => match.isMeant(key))
      if (meant.length > 0) await (kind === 'invalidate' ? tier.drop(meant) : tier.expire(meant))
    }
  }
  return count
}

// @returns how many entries memory had
function cut(realm: Realm, match: Match, kind: 'invalidate' | 'expire'): number {
  const { commons, storages } = realm
  const plans = [realm.plain, ...realm.plans.values()]
  for (const flights of [commons.flights, commons.lookups]) flights.breakWhere(({ key }) => match.isMeant(key))
  for (const { errors } of plans) errors.clear()
  let count = 0
  for (const storage of storages.locals) {
    const meant = [...storage.keys()].filter((key) => match.isMeant(key))
    count = Math.max(count, meant.length)
    for (const key of meant) {
      if (kind === 'invalidate') storage.delete(key)
      else expireWhere(storage, key, plans, commons.clock.now())
    }
  }
  return count
}

// By the terms of the node whose entry it is; one that nobody here knows is read anew from below.
function expireWhere(storage: LocalStorage, key: string, plans: readonly Places<unknown>[], now: number): void {
  const owner = plans.find((plan) => plan.keys.short(key) !== undefined)
  const tier = owner?.localTiers.find((one) => one.storage === storage)
  if (tier === undefined) storage.delete(key)
  else tier.expire(key, now)
}
