import { statSync } from 'node:fs';

/** True if there is no such file. False also if it cannot be seen for lack of rights. */
export function isMissing(file: string): boolean {
  try {
    statSync(file);
    return false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR';
  }
}

/** Inode of the file of this name, undefined if there is none. It differs from that of an open file that was removed or replaced. */
export function inodeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino;
}
