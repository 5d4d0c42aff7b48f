import {
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  stat,
  unlink,
  writeFile,
  type FileHandle,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemChance } from '../../kernel/chance.ts'
import { digest } from '../../kernel/hash.ts'
import { Bounded } from './bounded.ts'
import { decodeFrame, decodeHead, encodeFrame, likelyHeadLength, patchOf, type Frame, type FrameHead } from './frame.ts'

/*
 * One file an entry, in 256 folders, by a digest of the key in hexadecimal (names that differ in more than case):
 *
 *   <directory>/3f/a0c9….entry          an entry
 *   <directory>/3f/a0c9….entry.<id>.tmp one on its way: renamed when it is whole, so nobody ever sees half of it
 *
 * Anything else in the directory isn't ours, whatever it is, and stays.
 */

/** How many folders there are. */
export const folderCount = 256

// Node has four threads for files; a few more keep them busy.
const mostAtOnce = 16

const isOurs = /^[0-9a-f]{46}\.entry$/
const isTemporary = /^[0-9a-f]{46}\.entry\.[\w-]+\.tmp$/

/** What was found under a name that an entry would have. */
export type Found = { readonly path: string } & (
  | { readonly state: 'entry'; readonly head: FrameHead }
  /** Was ours once, or would have become so. */
  | { readonly state: 'damaged' | 'temporary' }
)

/** The files of a directory, and nothing of what they mean. */
export class EntryFolder {
  readonly #directory: string
  readonly #bounded = new Bounded(mostAtOnce)

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Makes the directory if it is missing, for the eyes of this user alone. */
  async prepare(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
  }

  /** @returns `undefined` if there is nothing, or nothing that can be read as an entry of this key */
  read(key: string): Promise<Frame | undefined> {
    const path = this.#pathOf(key)
    return this.#bounded.run(async () => {
      const frame = await readFrame(path)
      return frame?.key === key ? frame : undefined
    })
  }

  /** Writes or replaces, whatever was there. */
  write(frame: Frame): Promise<void> {
    const path = this.#pathOf(frame.key)
    return this.#bounded.run(async () => {
      const temporary = `${path}.${systemChance.token()}.tmp`
      try {
        await writeNew(temporary, encodeFrame(frame))
        await rename(temporary, path)
      } catch (error) {
        await remove(temporary)
        throw error
      }
    })
  }

  /**
   * Writes a file where there is none.
   * @returns whether there was none; what was there, whatever it is, stays
   */
  create(frame: Frame): Promise<boolean> {
    const path = this.#pathOf(frame.key)
    return this.#bounded.run(async () => {
      const temporary = `${path}.${systemChance.token()}.tmp`
      try {
        await writeNew(temporary, encodeFrame(frame))
        return await linkNew(temporary, path)
      } finally {
        await remove(temporary)
      }
    })
  }

  /**
   * Writes an entry anew into the file it is in: as {@link patch}, a file that comes in its place meanwhile wins. Whoever
   * reads while it is written, or after it was cut short, finds no entry.
   *
   * @returns whether there was an entry of this key
   */
  rewrite(key: string, change: (frame: Frame) => Frame): Promise<boolean> {
    const path = this.#pathOf(key)
    return this.#bounded.run(async () => {
      const file = await unlessMissing(open(path, 'r+'))
      if (file === undefined) return false
      try {
        const frame = decodeFrame(await file.readFile())
        if (frame?.key !== key) return false
        const bytes = encodeFrame(change(frame))
        await file.write(bytes, 0, bytes.length, 0)
        await file.truncate(bytes.length)
        return true
      } finally {
        await file.close()
      }
    })
  }

  /**
   * Changes header and expiry where they stand. A file that another process renames to this name meanwhile is another
   * file, and isn't touched: its newer entry wins.
   *
   * @param change answers what becomes of the head; `undefined` for no change, `'delete'` for that
   */
  patch(
    key: string,
    change: (head: FrameHead) => Pick<FrameHead, 'header' | 'expiresAt'> | 'delete' | undefined,
  ): Promise<void> {
    const path = this.#pathOf(key)
    return this.#bounded.run(async () => {
      const file = await unlessMissing(open(path, 'r+'))
      if (file === undefined) return
      try {
        const { bytes, head } = await readHead(file)
        if (typeof head !== 'object' || head.key !== key) return
        const changed = change(head)
        if (changed === 'delete') await remove(path)
        else if (changed !== undefined) {
          const patch = patchOf(bytes, changed)
          await file.write(patch.bytes, 0, patch.bytes.length, patch.position)
        }
      } finally {
        await file.close()
      }
    })
  }

  /**
   * Deletes what stands for the key, if it is ours.
   * @param isDoomed asked of an entry that is whole
   * @returns what was deleted, when it was whole
   */
  delete(key: string, isDoomed = (_head: FrameHead): boolean => true): Promise<FrameHead | undefined> {
    const path = this.#pathOf(key)
    return this.#bounded.run(async () => {
      const head = await headAt(path)
      if (head === undefined || head === 'foreign') return undefined
      if (head !== 'damaged' && (head.key !== key || !isDoomed(head))) return undefined
      const wasThere = await remove(path)
      return wasThere && head !== 'damaged' ? head : undefined
    })
  }

  /** What is in one of the folders, a bounded number at a time. */
  async *list(folder: number, pageSize: number): AsyncGenerator<readonly Found[]> {
    const directory = join(this.#directory, folder.toString(16).padStart(2, '0'))
    const names = (await unlessMissing(readdir(directory))) ?? []
    for (let start = 0; start < names.length; start += pageSize) {
      const found = names.slice(start, start + pageSize).map((name) => this.#find(join(directory, name), name))
      yield (await Promise.all(found)).filter((one) => one !== undefined)
    }
  }

  /** Deletes a file that {@link list} has found. */
  async remove(path: string): Promise<void> {
    await this.#bounded.run(() => remove(path))
  }

  /** When a file was last written; `undefined` if it has gone. */
  async writtenAt(path: string): Promise<number | undefined> {
    const found = await this.#bounded.run(() => unlessMissing(stat(path)))
    return found?.mtimeMs
  }

  async #find(path: string, name: string): Promise<Found | undefined> {
    if (isTemporary.test(name)) return { path, state: 'temporary' }
    if (!isOurs.test(name)) return undefined
    const head = await this.#bounded.run(() => headAt(path))
    if (head === undefined || head === 'foreign') return undefined
    return head === 'damaged' ? { path, state: head } : { path, state: 'entry', head }
  }

  #pathOf(key: string): string {
    const name = Buffer.from(digest(key), 'base64url').toString('hex')
    return join(this.#directory, name.slice(0, 2), `${name.slice(2)}.entry`)
  }
}

async function readFrame(path: string): Promise<Frame | undefined> {
  const bytes = await unlessMissing(readFile(path))
  return bytes && decodeFrame(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength))
}

async function headAt(path: string): Promise<FrameHead | 'damaged' | 'foreign' | undefined> {
  const file = await unlessMissing(open(path, 'r'))
  if (file === undefined) return undefined
  try {
    const { head, size } = await readHead(file)
    return typeof head === 'object' && head.fileLength !== size ? 'damaged' : head
  } finally {
    await file.close()
  }
}

async function readHead(
  file: FileHandle,
): Promise<{ readonly bytes: Uint8Array; readonly size: number; readonly head: FrameHead | 'damaged' | 'foreign' }> {
  const found = await file.stat()
  const { size } = found
  // A folder, or whatever else somebody put under our name.
  if (!found.isFile()) return { bytes: new Uint8Array(0), size, head: 'foreign' }
  const start = await readStart(file, Math.min(likelyHeadLength, size))
  const head = decodeHead(start)
  if (typeof head !== 'number') return { bytes: start, size, head }
  // The length comes from the file itself, and may be anything.
  const bytes = await readStart(file, Math.min(head, size))
  const longer = decodeHead(bytes)
  return { bytes, size, head: typeof longer === 'number' ? 'damaged' : longer }
}

async function readStart(file: FileHandle, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  const { bytesRead } = await file.read(bytes, 0, length, 0)
  return bytes.subarray(0, bytesRead)
}

async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  const write = (): Promise<true> => writeFile(path, bytes, { flag: 'wx', mode: 0o600 }).then(() => true)
  if ((await unlessMissing(write())) === true) return
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await write()
}

/** @returns whether there was nothing of that name */
async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (code === 'EEXIST') return false
    if (!hasNoLinks.has(code)) throw error
    // Not every file system knows links. There, of two who create a file at once, the later one stays.
    if ((await unlessMissing(stat(to))) !== undefined) return false
    await rename(from, to)
    return true
  }
}

const hasNoLinks: ReadonlySet<unknown> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/** @returns whether there was something to remove */
async function remove(path: string): Promise<boolean> {
  return (await unlessMissing(unlink(path).then(() => true))) ?? false
}

async function unlessMissing<Answer>(attempt: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await attempt
  } catch (error) {
    const { code } = error as { code?: unknown }
    // A folder where a file is expected, or the other way round, is no entry of ours either.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined
    throw error
  }
}
