import type { Knex } from 'knex';
import { knexOf, type TrailConnection } from '../database.js';
import type { SqlRow } from './row-times.js';
import type { Condition } from './span.js';

/** Stands for the name of a switch or port that has none. */
export const NAMELESS = '-';

/** Bytes written as `0x` and an even number of hex digits, in either case; undefined for anything else. */
export function parseHexInput(text: string): Buffer | undefined {
  return /^0x([0-9a-f]{2})*$/i.test(text) ? Buffer.from(text.slice(2), 'hex') : undefined;
}

/** True for switches of that name (case-sensitive, `-` for none) or, for `0x` hex, of those bytes. @param table prefix with dot */
export function isSwitch(text: string, table = ''): Condition {
  return isCalled(text, `${table}name`, `${table}value`);
}

/** True for ports of that name (case-sensitive, `-` for none) or, for `0x` hex, of that circuit-id. @param table prefix with dot */
export function isPort(text: string, table = ''): Condition {
  return isCalled(text, `${table}name`, `${table}circuit_id`);
}

/** Ids of the switches of that name or bytes, see {@link isSwitch}. */
export async function switchIdsOf(db: TrailConnection, text: string): Promise<Buffer[]> {
  const { sql, values } = isSwitch(text);
  const rows: SqlRow[] = await knexOf(db)('switches').whereRaw(sql, [...values]);
  return rows.map((row) => row.switch_id as Buffer);
}

/** Ids of the ports of that name or circuit-id on these switches, see {@link isPort}. */
export async function portIdsOf(db: TrailConnection, switches: readonly Buffer[], text: string): Promise<Buffer[]> {
  const { sql, values } = isPort(text);
  const rows: SqlRow[] = await portsOn(db, switches).whereRaw(sql, [...values]);
  return rows.map((row) => row.port_id as Buffer);
}

/** At most `most` different names of switches, sorted. */
export async function switchNames(db: TrailConnection, most: number): Promise<string[]> {
  return await namesIn(knexOf(db)('switches'), most);
}

/** At most `most` different names of ports on these switches, sorted. */
export async function portNames(db: TrailConnection, switches: readonly Buffer[], most: number): Promise<string[]> {
  return await namesIn(portsOn(db, switches), most);
}

function portsOn(db: TrailConnection, switches: readonly Buffer[]): Knex.QueryBuilder {
  return knexOf(db)('ports').whereIn('switch_id', switches as Buffer[]);
}

async function namesIn(table: Knex.QueryBuilder, most: number): Promise<string[]> {
  const rows = (await table.whereNotNull('name').orderBy('name').limit(most).distinct('name')) as SqlRow[];
  return rows.map((row) => row.name as string);
}

function isCalled(text: string, name: string, raw: string): Condition {
  const bytes = parseHexInput(text);
  const sql = [`${name} = ?`, ...(text === NAMELESS ? [`${name} IS NULL`] : []), ...(bytes ? [`${raw} = ?`] : [])];
  return { sql: `(${sql.join(' OR ')})`, values: bytes ? [text, bytes] : [text] };
}
