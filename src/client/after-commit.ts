import type { TransactionClient } from '../clients/transaction-client.ts'
import type { Removal } from '../core/change-tokens.ts'
import type { ScopeTree } from '../core/reach/scopes.ts'
import type { Changed } from '../core/select/change-selected.ts'
import type { Selector } from '../core/select/selector.ts'
import { CacheError } from '../kernel/errors.ts'

/*
 * Invalidations for those who are inside of a transaction.
 *
 * Before the commit an invalidation is worth nothing: whoever loads right after it reads the rows as they were, and keeps
 * them. So what is called for is noted, and done when the commit has been confirmed. If nobody can know whether it was, it is
 * done as well: an invalidation too many costs a load, one too few a wrong answer. Values are never noted: what has been set
 * only later would overwrite what others have set meanwhile.
 */

/** Anything of which one entry can be invalidated by its params: a node. */
interface Invalidates<Params> {
  invalidate(params: Params): Promise<Removal>
}

/** Invalidations that wait for a commit. */
export interface AfterCommit<Tree extends ScopeTree = ScopeTree> {
  /**
   * Notes an invalidation of everything that is selected.
   * @throws CacheError `INVALID_OPTION`; `CLOSED` once it is over
   */
  invalidate(selector: Selector<Tree>): void
  /** Notes an invalidation of one entry of a node. */
  invalidate<Params>(node: Invalidates<Params>, params: Params): void
  /** Notes that everything that is selected is to be made stale. @throws as `invalidate` */
  expire(selector: Selector<Tree>): void
  /**
   * The transaction has been committed, or nobody knows: does what was noted, every part whatever becomes of the others.
   * @returns what was done, with one token for all of it
   * @throws CacheError `STORAGE_UNAVAILABLE`, of the first part that could not be done everywhere
   */
  commit(): Promise<Changed>
  /** The transaction has been rolled back: forgets what was noted. */
  rollback(): void
}

/** What a transaction came to. */
export interface Committed<Result> {
  /** What the work has answered. */
  readonly result: Result
  /** What was invalidated. */
  readonly changed: Changed
}

/** What it takes to do later what is noted now. */
export interface AfterCommitParts<Tree extends ScopeTree> {
  /** Checks a selector. @returns what does it */
  prepare(selector: Selector<Tree>, kind: 'invalidate' | 'expire'): () => Promise<Changed>
  tell(counts: Omit<Changed, 'token'>): Changed
}

/** Begins to note. */
export function afterCommit<Tree extends ScopeTree>(parts: AfterCommitParts<Tree>): AfterCommit<Tree> {
  let noted: (() => Promise<Omit<Changed, 'token'>>)[] | undefined = []
  const note = (change: () => Promise<Omit<Changed, 'token'>>): void => {
    if (noted === undefined) {
      throw new CacheError('CLOSED', 'afterCommit: the transaction is over: begin another with cache.afterCommit()')
    }
    noted.push(change)
  }
  return {
    invalidate<Params>(what: Selector<Tree> | Invalidates<Params>, params?: Params): void {
      if (!isNode(what)) return note(parts.prepare(what, 'invalidate'))
      note(async () => {
        const { existed } = await what.invalidate(params as Params)
        return { entryCount: existed ? 1 : 0, labelCount: 0 }
      })
    },
    expire: (selector) => note(parts.prepare(selector, 'expire')),
    async commit() {
      const changes = noted ?? []
      noted = undefined
      return parts.tell(sum(await Promise.allSettled(changes.map((change) => change()))))
    },
    rollback() {
      noted = undefined
    },
  }
}

/**
 * Runs a transaction on a connection, and what was noted in it once it has been committed.
 * @throws what the work throws, after a rollback; what the commit throws; CacheError `STORAGE_UNAVAILABLE` if it was
 * committed and could not be invalidated everywhere
 */
export async function inTransaction<Tree extends ScopeTree, Result>(
  client: TransactionClient,
  later: AfterCommit<Tree>,
  work: (later: AfterCommit<Tree>) => Result | PromiseLike<Result>,
): Promise<Committed<Result>> {
  await client.query('BEGIN')
  const result = await workOrRollback(client, later, work)
  let answer: unknown
  try {
    answer = await client.query('COMMIT')
  } catch (error) {
    // It may have been committed all the same. What can't be invalidated now, its storage owes.
    await later.commit().catch(() => {})
    throw error
  }
  if (wasRolledBack(answer)) {
    later.rollback()
    throw new Error('the transaction was rolled back at its COMMIT: one of its statements had failed')
  }
  try {
    return { result, changed: await later.commit() }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const code = error instanceof CacheError ? error.code : 'STORAGE_UNAVAILABLE'
    throw new CacheError(code, `the transaction was committed, but not everything was invalidated: ${reason}`, {
      cause: error,
    })
  }
}

// As long as no COMMIT was sent, nothing has been committed, whatever becomes of the ROLLBACK.
async function workOrRollback<Tree extends ScopeTree, Result>(
  client: TransactionClient,
  later: AfterCommit<Tree>,
  work: (later: AfterCommit<Tree>) => Result | PromiseLike<Result>,
): Promise<Result> {
  try {
    return await work(later)
  } catch (error) {
    later.rollback()
    await client.query('ROLLBACK').catch(() => {})
    throw error
  }
}

// Postgres answers the COMMIT of a transaction that has failed with a ROLLBACK, and calls that no error.
function wasRolledBack(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'command' in answer && answer.command === 'ROLLBACK'
}

function isNode<Params>(what: object): what is Invalidates<Params> {
  return 'invalidate' in what && typeof what.invalidate === 'function'
}

function sum(outcomes: readonly PromiseSettledResult<Omit<Changed, 'token'>>[]): Omit<Changed, 'token'> {
  let [entryCount, labelCount] = [0, 0]
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') throw outcome.reason
    entryCount += outcome.value.entryCount
    labelCount += outcome.value.labelCount
  }
  return { entryCount, labelCount }
}
