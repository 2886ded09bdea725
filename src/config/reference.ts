import { CONFIG_KEYS } from './keys.js';
import type { Key, Keys } from './schema.js';
import { SCOPE_KEYS } from './scope-keys.js';

/** Where the keys that every scope has are written out; further in, one row names them. */
const OUTERMOST_SCOPE = 'server.';

/** All keys of the configuration as a Markdown table, for the README: path, type, default, meaning. */
export function renderReference(keys: Keys = CONFIG_KEYS): string {
  return ['| key | type | default | meaning |', '|---|---|---|---|', ...rowsOf(keys, ''), ''].join('\n');
}

function rowsOf(keys: Keys, prefix: string): string[] {
  const repeated =
    prefix === OUTERMOST_SCOPE ? [] : Object.keys(SCOPE_KEYS).filter((name) => Object.hasOwn(keys, name));
  const rows = Object.entries(keys).flatMap(([name, { kind, doc, required, default: value, absent }]) => {
    if (repeated.includes(name)) return [];
    const path = `${prefix}${name}`;
    const row = `| \`${path}\` | ${cell(kind.type)} | ${required ? 'required' : defaultText(value, absent)} | ${cell(doc)} |`;
    return [row, ...(kind.keys ? rowsOf(kind.keys, `${path}${kind.list ? '[]' : ''}.`) : [])];
  });
  if (repeated.length === 0) return rows;
  const names = repeated.map((name) => `\`${name}\``).join(', ');
  return [...rows, `| \`${prefix}*\` | | inherited | ${names} as under \`server\` |`];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function defaultText(value: Key<unknown>['default'], absent = ''): string {
  if (value === undefined) return absent;
  return typeof value === 'object' ? 'its defaults' : String(value);
}
