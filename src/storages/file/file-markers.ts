import type { MarkerChange, Stored } from '../../contracts/storage.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { EntryFolder } from './entry-folder.ts'
import type { Frame } from './frame.ts'

/*
 * Processes share the folder, and there is no compare-and-set. What must never happen is that a version comes back that
 * somebody has replaced, for what was invalidated with it would be valid again. So a version that was read is never
 * written under a name: a new file may take the place of any other, but what stays of a marker (its life prolonged, its
 * hard version kept) stays in the file it is in, which is nobody's any more once another has taken its place.
 *
 * What can happen where two processes are in each other's way is that a marker is replaced by a younger one, or reads as
 * missing: then what was made under it is a miss.
 */

/** Makes a marker where none lives, and prolongs one that would end earlier. @returns what stands there now */
export async function ensureMarker(entries: EntryFolder, marker: Frame, clock: Clock): Promise<Stored> {
  const found = (await living(entries, marker.key, clock)) ?? (await make(entries, marker, clock))
  if (found.expiresAt < marker.expiresAt) {
    await entries.patch(marker.key, ({ header, expiresAt }) =>
      expiresAt < marker.expiresAt ? { header, expiresAt: marker.expiresAt } : undefined,
    )
  }
  return { header: found.header, payload: found.payload }
}

/** Replaces both versions, or just the soft one of a marker that lives. */
export async function changeMarker(
  entries: EntryFolder,
  change: Frame & Pick<MarkerChange, 'softOnly'>,
  clock: Clock,
): Promise<void> {
  const { softOnly, ...marker } = change
  const found = await living(entries, marker.key, clock)
  const expiresAt = Math.max(marker.expiresAt, found?.expiresAt ?? 0)
  if (softOnly !== true) return entries.write({ ...marker, expiresAt })
  if (found === undefined && (await make(entries, marker, clock)) === marker) return
  // Another process may have made it, or taken it away.
  const soften = (frame: Frame): Frame => ({
    ...frame,
    payload: marker.payload,
    expiresAt: Math.max(frame.expiresAt, expiresAt),
  })
  if (!(await entries.rewrite(marker.key, soften))) await entries.write(marker)
}

async function living(entries: EntryFolder, key: string, clock: Clock): Promise<Frame | undefined> {
  const frame = await entries.read(key)
  return frame !== undefined && frame.expiresAt > clock.now() ? frame : undefined
}

/** @returns what has been made: the marker itself, or one that another process was quicker with */
async function make(entries: EntryFolder, marker: Frame, clock: Clock): Promise<Frame> {
  if (await entries.create(marker)) return marker
  const found = await living(entries, marker.key, clock)
  if (found !== undefined) return found
  // One that has ended, or is damaged.
  await entries.write(marker)
  return marker
}
