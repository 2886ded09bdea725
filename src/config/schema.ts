import { distance } from 'fastest-levenshtein';
import { FAULTED, type Place } from './place.js';

/** Turns a value of the file into one of the program, or reports why not and returns undefined. */
export type Reader<T> = (value: unknown, place: Place) => T | undefined;

/** A kind of value: how it is read, and how the reference describes it. */
export interface Kind<T> {
  /** In the words of the reference: `address range`. */
  readonly type: string;
  readonly read: Reader<T>;
  /** The keys within, if it is a map or a list of maps. */
  readonly keys?: Keys;
  readonly list?: true;
}

/** One row of a table of keys. */
export interface Key<T> {
  readonly kind: Kind<T>;
  readonly doc: string;
  /** What holds if the key is not written, in words for the reference. */
  readonly default?: string;
  readonly required?: true;
}

export type Keys = Readonly<Record<string, Key<unknown>>>;

/** What a map was read to: a key that is missing or faulty is undefined. */
export type Values<K extends Keys> = { readonly [N in keyof K]?: K[N] extends Key<infer T> ? T : never } & {
  readonly at: Place;
};

/** A map of the keys of a table. Unknown keys are faults, with the nearest known key as a hint. */
export function mapOf<K extends Keys>(keys: K): Kind<Values<K>> {
  return { type: 'map', keys, read: (value, place) => readMap(keys, value, place) };
}

/** A list of one kind; faulty items are left out of it. */
export function listOf<T>(item: Kind<T>): Kind<T[]> {
  const read: Reader<T[]> = (value, place) => {
    if (!Array.isArray(value)) {
      return place.fault('is not a list', value, `write a list of ${item.type}: [..., ...]`);
    }
    return value.map((entry, i) => readAt(item, entry, place.item(i))).filter((entry) => entry !== undefined);
  };
  return { type: `list of ${item.type}`, list: true, read, ...(item.keys ? { keys: item.keys } : {}) };
}

/** Reads the entries of a map whose keys are not fixed. */
export function entriesOf(value: unknown, place: Place): [string, unknown][] | undefined {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  return place.fault('is not a map', value, 'write keys and values, as in "key: value"');
}

/** More names than this are no help in one line. */
const MOST_NAMES = 40;

/** `did you mean ...?` if a name is near, else all names if they are few. */
export function suggestion(wrong: string, names: readonly string[]): string {
  const near = names
    .map((name) => ({ name, edits: distance(wrong.toLowerCase(), name) }))
    .filter(({ name, edits }) => edits <= Math.max(2, Math.floor(name.length / 3)))
    .sort((a, b) => a.edits - b.edits)[0];
  if (near) return `did you mean "${near.name}"?`;
  return names.length > MOST_NAMES ? 'see the README for all names' : `use one of ${names.join(', ')}`;
}

function readMap<K extends Keys>(keys: K, value: unknown, place: Place): Values<K> | undefined {
  const entries = entriesOf(value, place);
  if (!entries) return undefined;
  const values: Record<string, unknown> = { at: place };
  for (const [name, entry] of entries) {
    const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
    if (key) values[name] = readAt(key.kind, entry, place.key(name));
    else place.key(name).fault('is not a known key', name, suggestion(name, Object.keys(keys)));
  }
  const present = new Set(entries.map(([name]) => name));
  for (const [name, key] of Object.entries(keys)) {
    if (key.required && !present.has(name)) {
      place.key(name).fault(`${name} is missing`, undefined, `add "${name}: ${key.kind.type}": ${key.doc}`);
    }
  }
  return values as Values<K>;
}

function readAt<T>(kind: Kind<T>, value: unknown, place: Place): T | undefined {
  return value === FAULTED ? undefined : kind.read(value, place);
}
