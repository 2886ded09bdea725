import { distance } from 'fastest-levenshtein';
import { FAULTED, type YamlPath } from './yaml-path.js';

/** Turns a value of the file into one of the program. Reports a fault and returns undefined if it cannot. */
export type Reader<T> = (value: unknown, at: YamlPath) => T | undefined;

/** A kind of value: how to read it, and its name in the reference. */
export interface Kind<T> {
  /** Name in the reference: `address range`. */
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
  /** The default, as the file would have it (`10m`). It is read like a written value. */
  readonly default?: string | number | boolean | Readonly<Record<string, never>>;
  /** What the reference says if there is no default value: `inherited`, `none`. */
  readonly absent?: string;
  readonly required?: true;
}

export type Keys = Readonly<Record<string, Key<unknown>>>;

type ValueOf<K> = K extends Key<infer T> ? T : never;
type WithDefault<K extends Keys> = {
  [N in keyof K]: K[N] extends { readonly default: unknown } ? N : never;
}[keyof K];

/** The values of a map. A missing or faulty key has its default, else it is undefined. */
export type Values<K extends Keys> = { readonly [N in WithDefault<K>]: ValueOf<K[N]> } & {
  readonly [N in Exclude<keyof K, WithDefault<K>>]?: ValueOf<K[N]>;
} & {
  readonly at: YamlPath;
  /** The keys that the file has here. */
  readonly written: ReadonlySet<string>;
};

/** A map of the keys of a table. Unknown keys are faults, with the nearest known key as a hint. */
export function mapOf<K extends Keys>(keys: K): Kind<Values<K>> {
  return { type: 'map', keys, read: (value, at) => readMap(keys, value, at) };
}

/** A list of one kind; faulty items are left out of it. */
export function listOf<T>(item: Kind<T>): Kind<T[]> {
  const read: Reader<T[]> = (value, at) => {
    if (!Array.isArray(value)) {
      return at.fault('is not a list', value, `write a list of ${item.type}: [..., ...]`);
    }
    return value.map((entry, i) => readAt(item, entry, at.item(i))).filter((entry) => entry !== undefined);
  };
  return { type: `list of ${item.type}`, list: true, read, ...(item.keys ? { keys: item.keys } : {}) };
}

/** Reads the entries of a map whose keys are not fixed. */
export function entriesOf(value: unknown, at: YamlPath): [string, unknown][] | undefined {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  return at.fault('is not a map', value, 'write keys and values, as in "key: value"');
}

/** A hint lists at most so many names. */
const MOST_NAMES = 40;

/** `did you mean ...?` if a name is near, else all names if they are few. */
export function suggestion(wrong: string, names: readonly string[]): string {
  const near = names
    .map((name) => ({ name, edits: distance(wrong.toLowerCase(), name) }))
    .filter(({ name, edits }) => edits <= Math.max(2, Math.floor(name.length / 3)))
    .sort((a, b) => a.edits - b.edits)[0];
  if (near) return `did you mean "${near.name}"?`;
  return names.length > MOST_NAMES ? 'see docs/configuration.md for all names' : `use one of ${names.join(', ')}`;
}

function readMap<K extends Keys>(keys: K, value: unknown, at: YamlPath): Values<K> | undefined {
  const entries = entriesOf(value, at);
  if (!entries) return undefined;
  const written = new Set(entries.map(([name]) => name));
  const values: Record<string, unknown> = { at, written };
  for (const [name, entry] of entries) {
    const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
    if (key) values[name] = readAt(key.kind, entry, at.key(name));
    else at.key(name).fault('is not a known key', name, suggestion(name, Object.keys(keys)));
  }
  for (const [name, key] of Object.entries(keys)) {
    if (key.default !== undefined) values[name] ??= key.kind.read(key.default, at.key(name));
    if (key.required && !written.has(name)) {
      at.key(name).fault(`${name} is missing`, undefined, `add "${name}: ${key.kind.type}": ${key.doc}`);
    }
  }
  return values as Values<K>;
}

function readAt<T>(kind: Kind<T>, value: unknown, at: YamlPath): T | undefined {
  return value === FAULTED ? undefined : kind.read(value, at);
}
