import { closeSync, fchmodSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { messageOf } from '../../base/errors.js';
import { QueueWriteError } from './errors.js';

/** How far a queue is known to be in the trail. */
export interface ShippedPosition {
  /** 0 if nothing was shipped yet. */
  sequence: number;
  /** Hash of that event, hex. */
  hash: string;
  /** Number of the last checkpoint that is in the trail, 0 if none is. */
  checkpoint: number;
}

/** The shipper's note beside the queue file. Only the shipper writes it; the queue's writer reads it to delete what was shipped. */
export function positionFile(queueFile: string): string {
  return `${queueFile}.shipped`;
}

/** Reads the note. A missing or unreadable note means position 0: shipped events are deleted later, and nothing is lost. */
export function readPosition(queueFile: string, uuid: string): ShippedPosition {
  try {
    const note = JSON.parse(readFileSync(positionFile(queueFile), 'utf8')) as ShippedPosition & { queue: string };
    if (note.queue === uuid && isCount(note.sequence) && isCount(note.checkpoint)) return note;
  } catch {
    // no note: position 0
  }
  return { sequence: 0, hash: '', checkpoint: 0 };
}

/** Replaces the note durably: written beside, synced, renamed over. Throws QueueWriteError. */
export function writePosition(queueFile: string, uuid: string, position: ShippedPosition): void {
  const target = positionFile(queueFile);
  try {
    replaceNote(target, uuid, position);
  } catch (error) {
    throw new QueueWriteError(`Cannot write ${target}: ${messageOf(error)}`, {
      hint: 'nothing is lost, the trail knows what it has; make room or let this user write there, and start the shipper again',
      cause: error,
    });
  }
}

function replaceNote(target: string, uuid: string, position: ShippedPosition): void {
  const fd = openSync(`${target}.new`, 'w', 0o600);
  try {
    fchmodSync(fd, 0o600); // openSync does not change the mode of a file that was left there
    const { sequence, hash, checkpoint } = position;
    writeSync(fd, `${JSON.stringify({ queue: uuid, sequence, hash, checkpoint })}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(`${target}.new`, target);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
