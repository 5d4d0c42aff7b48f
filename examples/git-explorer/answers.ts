/*
 * What is asked of a repository, and what it answers: plain values, so that they can be kept as JSON.
 */

/** A commit in a list. Times are seconds since 1970. */
interface Commit {
  readonly hash: string
  readonly time: number
  readonly author: string
  readonly subject: string
}

/** A commit with how much it changed. */
export interface HistoryLine extends Commit {
  /** As git puts it: `2 files changed, 7 insertions(+)`. Empty for merges. */
  readonly changes: string
}

/** What is known of a branch until its head moves. */
export interface Branch {
  readonly name: string
  /** The commit it is at. */
  readonly tip: string
  readonly commitCount: number
}

/** A commit in full: against its first parent. */
export interface CommitDetails {
  readonly hash: string
  readonly time: number
  readonly author: string
  readonly parents: readonly string[]
  readonly message: string
  readonly files: readonly FileChange[]
}

/** How many lines of a file a commit changed; `null` for a binary file. */
export interface FileChange {
  readonly path: string
  readonly added: number | null
  readonly removed: number | null
}

/** Somebody, and what they did. */
export interface Contributor {
  readonly name: string
  readonly commitCount: number
  readonly first: number
  readonly last: number
}

/** What a directory contains. `size` in bytes; `null` for a directory. */
export interface FileEntry {
  readonly path: string
  readonly type: string
  readonly size: number | null
}

/** Consecutive lines of a file that came with one commit. */
export interface BlameHunk extends Commit {
  readonly firstLine: number
  readonly lines: readonly string[]
}

/** A page of what led to a commit; the newest is 0. */
export interface HistoryPage {
  readonly commit: string
  readonly page: number
}

/** A file or a directory as it was at a commit. */
export interface PathAt {
  readonly commit: string
  readonly path: string
}

/** What to look for in what led to a commit. */
export interface Search {
  readonly commit: string
  readonly text: string
  readonly within: 'messages' | 'changes'
}
