import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as trail from '../../../src/trail/store/trail.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** A mistake that somebody could make in how late events are merged. */
export interface Mutant {
  readonly mistake: string;
  /** Of src/trail. */
  readonly file: string;
  /** This text, which occurs once, becomes that. */
  readonly from: string;
  readonly to: string;
}

export const MUTANTS: readonly Mutant[] = [
  {
    mistake: 'stops merging at the first event where both timelines agree, new events or not',
    file: 'sightings/splice.ts',
    from: 'compareKeys(event, last) >= 0 && sameState(',
    to: 'sameState(',
  },
  {
    mistake: 'forgets the port when it compares two states',
    file: 'sightings/splice.ts',
    from: 'a.leaseUntil === b.leaseUntil && sameBytes(a.portId, b.portId) &&',
    to: 'a.leaseUntil === b.leaseUntil &&',
  },
  {
    mistake: 'loses the events of a sighting outside the window',
    file: 'sightings/splice.ts',
    from: 'events: whole.events - oldPart.events + newPart.events',
    to: 'events: newPart.events',
  },
  {
    mistake: 'takes a window for whole that was cut off',
    file: 'store/windows.ts',
    from: 'toEnd: ASC.length < laterLimit(added, reach)',
    to: 'toEnd: true',
  },
  {
    mistake: 'leaves sightings in the table that late events undid',
    file: 'store/changes.ts',
    from: 'await deleteSightings(db, part)',
    to: 'void part',
  },
  {
    mistake: 'takes an event of the very time of another for a later one',
    file: 'store/timeline.ts',
    from: 'latest >= events[0]!.at',
    to: 'latest > events[0]!.at',
  },
  {
    mistake: 'remembers how a timeline ended before late events changed it',
    file: 'store/timeline.ts',
    from: 'ends.set(ip, undefined);',
    to: '',
  },
];

/** The trail's code with a mistake in it, as a program of its own in the folder. */
export async function loadMutant({ file, from, to }: Mutant, folder: string): Promise<typeof trail> {
  for (const part of ['src', 'migrations', 'package.json', 'tsconfig.json']) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const path = join(folder, 'src/trail', file);
  const source = readFileSync(path, 'utf8');
  if (source.split(from).length !== 2) throw new Error(`${file} does not have "${from}" once: adapt the mutant`);
  writeFileSync(path, source.replace(from, to));
  return await import(pathToFileURL(join(folder, 'src/trail/store/trail.ts')).href);
}
