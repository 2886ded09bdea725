import { portId, switchId } from '../sightings/identity.js';
import type { TrailConnection } from '../store/database.js';
import type { Row } from '../store/event-table.js';
import type { Naming } from '../store/naming.js';
import { identityOf, portNameOf, portPage, switchNameOf, switchPage } from '../store/ports.js';
import type { Findings } from './findings.js';
import { Pages } from './pages.js';
import { PAGE } from './rows.js';

/** Before every id. */
const BEFORE_ALL = Buffer.alloc(0);

/**
 * Checks that the ids of switches and ports are those of their bytes and, if `naming` is given, that they have the names that it gives
 * them. `used` are the ids (hex) of ports that must be there. Returns how many ports there are.
 */
export async function checkPorts(
  db: TrailConnection,
  naming: Naming | null,
  used: ReadonlySet<string>,
  findings: Findings,
): Promise<number> {
  const missing = new Set(used);
  const switches = new Pages<Row>((after) => switchPage(db, (after?.switch_id as Buffer) ?? BEFORE_ALL, PAGE), PAGE);
  await checkAll(switches, (row) => {
    const identity = identityOf(row);
    if (!switchId(identity).equals(row.switch_id as Buffer))
      return report(findings, 'Switch', row, 'was changed: its id is not that of its bytes');
    if (naming && switchNameOf(naming, identity) !== row.name)
      report(findings, 'Switch', row, 'is called otherwise than by the configuration');
  });
  const ports = new Pages<Row>((after) => portPage(db, (after?.port_id as Buffer) ?? BEFORE_ALL, PAGE), PAGE);
  const count = await checkAll(ports, (row) => {
    missing.delete((row.port_id as Buffer).toString('hex'));
    if (row.kind === null) return report(findings, 'Port', row, 'is of a switch that is missing');
    const port = { switch: identityOf(row), circuitId: row.circuit_id as Buffer | null };
    if (!portId(port).equals(row.port_id as Buffer))
      return report(findings, 'Port', row, 'was changed: its id is not that of its bytes');
    if (naming && portNameOf(naming, port) !== row.name)
      report(findings, 'Port', row, 'is called otherwise than by the configuration');
  });
  for (const id of missing) findings.add('place', null, null, `Port 0x${id} is missing, though sightings name it`);
  return count;
}

async function checkAll(pages: Pages<Row>, check: (row: Row) => void): Promise<number> {
  let count = 0;
  for (await pages.fill(); pages.row; await pages.fill()) {
    check(pages.row);
    count += 1;
    pages.advance();
  }
  return count;
}

function report(findings: Findings, what: 'Switch' | 'Port', row: Row, message: string): void {
  findings.add('place', null, null, `${what} ${JSON.stringify(row.name)} ${message}`);
}
