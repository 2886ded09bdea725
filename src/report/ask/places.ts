import { distance } from 'fastest-levenshtein';
import type { Knex } from 'knex';
import { EXIT, PortledgerError, UsageError } from '../../base/errors.js';
import { parseHexInput } from './arguments.js';
import type { Condition, SqlRow } from './rows.js';

/** The trail knows no such switch or port. */
export class NotFoundError extends PortledgerError {
  override readonly exitCode = EXIT.nothingFound;
}

/** How a switch or port without any name shows, and is asked for. */
export const NAMELESS = '-';
/** Names compared to find the nearest: forged circuit-ids must not make a typing error expensive. */
const CANDIDATES = 5000;
const SUGGESTIONS = 3;

/**
 * The ids of the switches of that name (as reports show it, case-sensitive; `-` for those without one), or whose raw bytes
 * it gives as 0x hex. Throws NotFoundError with the nearest names, UsageError for something that is neither name nor hex.
 */
export async function findSwitches(db: Knex, text: string): Promise<Buffer[]> {
  const { sql, values } = isSwitch(text);
  const found: SqlRow[] = await db('switches').whereRaw(sql, [...values]);
  if (found.length > 0) return found.map((row) => row.switch_id as Buffer);
  throw await notFound(db('switches'), text, `The trail knows no switch "${text}"`);
}

/** The ids of the ports of that name, or circuit-id in 0x hex, on these switches. Throws as {@link findSwitches} does. */
export async function findPorts(db: Knex, switches: readonly Buffer[], text: string, on: string): Promise<Buffer[]> {
  const ports = (): Knex.QueryBuilder => db('ports').whereIn('switch_id', switches as Buffer[]);
  const { sql, values } = isPort(text);
  const found: SqlRow[] = await ports().whereRaw(sql, [...values]);
  if (found.length > 0) return found.map((row) => row.port_id as Buffer);
  throw await notFound(ports(), text, `The trail knows no port "${text}" on switch "${on}"`);
}

/** True for the switches that {@link findSwitches} finds. @param table the name of their table with a dot, or nothing */
export function isSwitch(text: string, table = ''): Condition {
  return isPlace(text, `${table}name`, `${table}value`);
}

/** True for the ports that {@link findPorts} finds. @param table the name of their table with a dot, or nothing */
export function isPort(text: string, table = ''): Condition {
  return isPlace(text, `${table}name`, `${table}circuit_id`);
}

function isPlace(text: string, name: string, raw: string): Condition {
  const bytes = parseHexInput(text);
  const sql = [`${name} = ?`, ...(text === NAMELESS ? [`${name} IS NULL`] : []), ...(bytes ? [`${raw} = ?`] : [])];
  return { sql: `(${sql.join(' OR ')})`, values: bytes ? [text, bytes] : [text] };
}

async function notFound(places: Knex.QueryBuilder, text: string, message: string): Promise<PortledgerError> {
  const rows = (await places.whereNotNull('name').orderBy('name').limit(CANDIDATES).distinct('name')) as SqlRow[];
  const names = nearest(
    text,
    rows.map((row) => row.name as string),
  );
  if (/^0x/i.test(text) && !parseHexInput(text))
    return new UsageError(`"${text}" is neither a name in the trail nor bytes in hex`, {
      hint: 'give bytes as 0x and an even number of hex digits',
    });
  const hint =
    names.length > 0
      ? `the nearest ${names.length === 1 ? 'is' : 'are'} ${names.map((name) => `"${name}"`).join(', ')}`
      : 'it knows none here yet';
  return new NotFoundError(message, { hint });
}

/** The names that take the fewest changes to type right, ignoring case, best first. */
export function nearest(text: string, names: readonly string[]): string[] {
  const wanted = text.toLowerCase();
  return names
    .map((name) => ({ name, away: distance(wanted, name.toLowerCase()) }))
    .sort((a, b) => a.away - b.away || (a.name < b.name ? -1 : 1))
    .slice(0, SUGGESTIONS)
    .map(({ name }) => name);
}
