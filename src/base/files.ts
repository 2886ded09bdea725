import { statSync } from 'node:fs';

/** True if there is no such file; one that may not be looked at may well be there. */
export function isMissing(file: string): boolean {
  try {
    statSync(file);
    return false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR';
  }
}

/** Which file is there, undefined if none is: an open one that was removed or replaced is another than the one that bears its name. */
export function inodeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino;
}
