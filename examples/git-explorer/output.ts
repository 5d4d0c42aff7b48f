import type { BlameHunk, CommitDetails, Contributor, FileChange, FileEntry, HistoryLine } from './answers.ts'

/*
 * Reading what git prints. Fields end in a newline and records in NUL: no name, subject or path can forge either,
 * except paths and messages with newlines, which therefore come last.
 */

/** Of `show-ref --head --heads`: names and hashes. */
export function readRefs(output: string): ReadonlyMap<string, string> {
  const refs = lines(output).map((line): [string, string] => {
    const [hash, name] = splitAt(line, ' ')
    return [name.replace(/^refs\/heads\//, ''), hash]
  })
  return new Map(refs)
}

/** Of `log --format=%x00%H%n%at%n%aN%n%s --shortstat`. */
export function readHistory(output: string): readonly HistoryLine[] {
  const records = output.split('\0').slice(1)
  return records.map((record) => {
    const [hash = '', time, author = '', subject = '', ...rest] = record.split('\n')
    return { hash, time: Number(time), author, subject, changes: rest.join('').trim() }
  })
}

/** Of `log -1 -z --format=%H%n%P%n%at%n%aN%n%B%x00 --numstat`. */
export function readChanges(output: string): CommitDetails {
  const [head, tail] = splitAt(output, '\0')
  const [hash = '', parents = '', time, author = '', ...message] = head.split('\n')
  const files = tail
    .replace(/^[\0\n]+/, '')
    .split('\0')
    .filter((entry) => entry !== '')
  return {
    hash,
    parents: parents.split(' ').filter((parent) => parent !== ''),
    time: Number(time),
    author,
    message: message.join('\n').trimEnd(),
    files: files.map(readFileChange),
  }
}

/** Of `log --format='%at %aN'`. */
export function readPeople(output: string): readonly Contributor[] {
  const people = new Map<string, { name: string; commitCount: number; first: number; last: number }>()
  for (const line of lines(output)) {
    const [seconds, name] = splitAt(line, ' ')
    const time = Number(seconds)
    const person = people.get(name) ?? { name, commitCount: 0, first: time, last: time }
    person.commitCount++
    person.first = Math.min(person.first, time)
    person.last = Math.max(person.last, time)
    people.set(name, person)
  }
  return [...people.values()].sort((one, other) => other.commitCount - one.commitCount)
}

/** Of `ls-tree -z -l`. */
export function readFiles(output: string): readonly FileEntry[] {
  const entries = output.split('\0').filter((entry) => entry !== '')
  return entries.map((entry) => {
    const [facts, path] = splitAt(entry, '\t')
    const [, type = '', , size = '-'] = facts.split(/ +/)
    return { path, type, size: size === '-' ? null : Number(size) }
  })
}

/** Of `blame --porcelain`, which says who a commit is by only the first time. */
export function readBlame(output: string): readonly BlameHunk[] {
  if (output.includes('\0')) return []
  const commits = new Map<string, { author: string; time: number; subject: string }>()
  const hunks: (BlameHunk & { readonly lines: string[] })[] = []
  let commit = { author: '', time: 0, subject: '' }
  for (const line of lines(output)) {
    const [, hash, number, length] = /^([0-9a-f]{40,64}) \d+ (\d+)(?: (\d+))?$/.exec(line) ?? []
    if (line.startsWith('\t')) hunks.at(-1)?.lines.push(line.slice(1))
    else if (hash === undefined) readBlameFact(line, commit)
    else {
      commit = commits.get(hash) ?? { author: '', time: 0, subject: '' }
      commits.set(hash, commit)
      if (length !== undefined) hunks.push({ hash, firstLine: Number(number), lines: [], ...commit })
    }
  }
  return hunks.map((hunk) => ({ ...hunk, ...commits.get(hunk.hash) }))
}

function readBlameFact(line: string, commit: { author: string; time: number; subject: string }): void {
  const [name, value] = splitAt(line, ' ')
  if (name === 'author') commit.author = value
  if (name === 'author-time') commit.time = Number(value)
  if (name === 'summary') commit.subject = value
}

function readFileChange(entry: string): FileChange {
  const [added = '-', removed = '-', ...path] = entry.split('\t')
  return {
    path: path.join('\t'),
    added: added === '-' ? null : Number(added),
    removed: removed === '-' ? null : Number(removed),
  }
}

function lines(output: string): readonly string[] {
  return output === '' ? [] : output.replace(/\n$/, '').split('\n')
}

function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)]
}
