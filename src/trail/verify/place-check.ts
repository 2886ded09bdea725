import type { Knex } from 'knex';
import type { Value } from '../store/event-rows.js';
import { portId, type SwitchIdentity, type SwitchKind, switchId } from '../store/identity.js';
import type { Naming } from '../store/naming.js';
import { portNameOf, switchNameOf } from '../store/places.js';
import type { Findings } from './findings.js';
import { Pages } from './pages.js';
import { PAGE } from './rows.js';

type Row = Record<string, Value>;

/**
 * Checks that switches and ports are still what their ids were made from and, where the naming is given that made their
 * names, that they are called so. `used` are the ids of ports that must be there, hex. Returns how many ports there are.
 */
export async function checkPlaces(
  db: Knex,
  naming: Naming | null,
  used: ReadonlySet<string>,
  findings: Findings,
): Promise<number> {
  const missing = new Set(used);
  await checkAll(db('switches').select('switch_id', 'kind', 'value', 'name'), 'switch_id', (row) => {
    const identity = identityOf(row);
    if (!switchId(identity).equals(row.switch_id as Buffer))
      return tell(findings, 'Switch', row, 'was changed: its id is not that of its bytes');
    if (naming && switchNameOf(naming, identity) !== row.name)
      tell(findings, 'Switch', row, 'is called otherwise than by the configuration');
  });
  const ports = db('ports')
    .leftJoin('switches', 'switches.switch_id', 'ports.switch_id')
    .select('ports.port_id', 'ports.circuit_id', 'ports.name', 'switches.kind', 'switches.value');
  const count = await checkAll(ports, 'port_id', (row) => {
    missing.delete((row.port_id as Buffer).toString('hex'));
    if (row.kind === null) return tell(findings, 'Port', row, 'is of a switch that is missing');
    const port = { switch: identityOf(row), circuitId: row.circuit_id as Buffer | null };
    if (!portId(port).equals(row.port_id as Buffer))
      return tell(findings, 'Port', row, 'was changed: its id is not that of its bytes');
    if (naming && portNameOf(naming, port) !== row.name)
      tell(findings, 'Port', row, 'is called otherwise than by the configuration');
  });
  for (const id of missing) findings.add('place', null, null, `Port 0x${id} is missing, though sightings name it`);
  return count;
}

async function checkAll(query: Knex.QueryBuilder, key: string, check: (row: Row) => void): Promise<number> {
  let count = 0;
  const pages = new Pages<Row>(
    async (after) =>
      await query
        .clone()
        .where(key, '>', after?.[key] ?? Buffer.alloc(0))
        .orderBy(key)
        .limit(PAGE),
    PAGE,
  );
  for (await pages.fill(); pages.row; await pages.fill()) {
    check(pages.row);
    count += 1;
    pages.advance();
  }
  return count;
}

function identityOf(row: Row): SwitchIdentity {
  return { kind: row.kind as SwitchKind, value: row.value as Buffer };
}

function tell(findings: Findings, what: 'Switch' | 'Port', row: Row, message: string): void {
  findings.add('place', null, null, `${what} ${JSON.stringify(row.name)} ${message}`);
}
