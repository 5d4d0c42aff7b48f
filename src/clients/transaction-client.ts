/**
 * What we call of a connection that is to run a transaction: the part of a `Client` of `pg`, of one that its `Pool` lends, or
 * of a connection of `mysql2/promise`.
 */
export interface TransactionClient {
  query(text: string): Promise<unknown>
}
