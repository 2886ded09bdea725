/**
 * The shape of a value that came from another process. `faultOf` is the first fault as text (`pools[0].size is not a number`), undefined if
 * there is none. Keys that a shape does not name are allowed, so that a newer program can add some.
 */
export interface Shape<T> {
  readonly faultOf: (value: unknown, path: string) => string | undefined;
  /** Only for the compiler: the type of a value without a fault. */
  readonly type?: T;
}

/** The type of the values of a shape. */
export type TypeOf<S> = S extends Shape<infer T> ? T : never;

function shapeOf<T>(what: string, isOne: (value: unknown) => boolean): Shape<T> {
  return { faultOf: (value, path) => (isOne(value) ? undefined : `${path || 'it'} is not ${what}`) };
}

export const anything: Shape<unknown> = shapeOf('', () => true);
/** No value: a command without a request. */
export const nothing: Shape<undefined> = shapeOf('absent', (value) => value === undefined);
export const text: Shape<string> = shapeOf('a text', (value) => typeof value === 'string');
export const number: Shape<number> = shapeOf('a number', (value) => typeof value === 'number');
export const boolean: Shape<boolean> = shapeOf('true or false', (value) => typeof value === 'boolean');

/** One of a few words. */
export function oneOf<const W extends string>(words: readonly W[]): Shape<W> {
  return shapeOf(`one of ${words.join(', ')}`, (value) => words.some((word) => word === value));
}

export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return { faultOf: (value, path) => (value === null ? undefined : shape.faultOf(value, path)) };
}

/** A key that may be missing. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return { faultOf: (value, path) => (value === undefined ? undefined : shape.faultOf(value, path)) };
}

export function listOf<T>(item: Shape<T>): Shape<readonly T[]> {
  return {
    faultOf: (value, path) =>
      Array.isArray(value)
        ? firstFault(value, (entry, index) => item.faultOf(entry, `${path}[${index}]`))
        : `${path || 'it'} is not a list`,
  };
}

/** An object whose keys are not fixed. */
export function recordOf<T>(item: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return {
    faultOf: (value, path) =>
      isObject(value)
        ? firstFault(Object.entries(value), ([key, entry]) => item.faultOf(entry, keyOf(path, key)))
        : `${path || 'it'} is not an object`,
  };
}

type Shapes = Readonly<Record<string, Shape<unknown>>>;
type OptionalKeys<S extends Shapes> = { [K in keyof S]: undefined extends TypeOf<S[K]> ? K : never }[keyof S];
type ObjectOf<S extends Shapes> = { readonly [K in Exclude<keyof S, OptionalKeys<S>>]: TypeOf<S[K]> } & {
  readonly [K in OptionalKeys<S>]?: TypeOf<S[K]>;
};

export function objectOf<S extends Shapes>(shapes: S): Shape<ObjectOf<S>> {
  return {
    faultOf: (value, path) =>
      isObject(value)
        ? firstFault(Object.entries(shapes), ([key, shape]) =>
            shape.faultOf(Object.hasOwn(value, key) ? value[key] : undefined, keyOf(path, key)),
          )
        : `${path || 'it'} is not an object`,
  };
}

function keyOf(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function firstFault<T>(items: readonly T[], faultOf: (item: T, index: number) => string | undefined) {
  for (const [index, item] of items.entries()) {
    const fault = faultOf(item, index);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
