import { type Command, Option } from 'commander';
import { EXIT, UsageError } from '../../base/errors.js';
import { type Micros, SystemClock } from '../../base/time.js';
import type { Hold } from '../../ledger/proof/hold.js';
import { parseAddressInput, parseMacInput } from '../../report/ask/arguments.js';
import { findPorts, findSwitches } from '../../report/ask/names.js';
import type { Shape } from '../../report/ask/shape.js';
import { parseTimeInput } from '../../report/ask/time-input.js';
import { formatInZone } from '../../report/ask/zone.js';
import { renderJson } from '../../report/render/json.js';
import type { TableColumn } from '../../report/render/table.js';
import { type HoldDraft, liftHold, placeHolds } from '../../trail/retain/holds.js';
import { readHolds } from '../../trail/store/hold-rows.js';
import type { Trail } from '../../trail/store/trail.js';
import { configOf } from './context.js';
import { whoAsks, withTrail } from './open-trail.js';
import { signerFor } from './signer.js';
import { printTable } from './terminal.js';

interface AddOptions {
  readonly mac?: string;
  readonly ip?: string;
  readonly port?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly reason: string;
}

type Subject = Pick<HoldDraft, 'by' | 'value' | 'label'>;
type HoldLine = Pick<
  Hold,
  'id' | 'label' | 'from' | 'to' | 'reason' | 'placedAt' | 'placedBy' | 'liftedAt' | 'liftedBy'
>;

const SHAPE: Shape<HoldLine> = {
  id: 'number',
  label: 'text',
  from: 'time',
  to: 'time',
  reason: 'text',
  placedAt: 'time',
  placedBy: 'text',
  liftedAt: 'time',
  liftedBy: 'text',
};

const COLUMNS: readonly TableColumn<HoldLine>[] = [
  { title: 'HOLD', cell: (hold) => String(hold.id) },
  { title: 'WHAT', cell: (hold) => hold.label },
  { title: 'FROM (UTC)', cell: (hold) => timeOf(hold.from) },
  { title: 'TO', cell: (hold) => timeOf(hold.to) },
  { title: 'REASON', cell: (hold) => hold.reason },
  { title: 'PLACED', cell: (hold) => timeOf(hold.placedAt), leaves: 2 },
  { title: 'BY', cell: (hold) => hold.placedBy, leaves: 1 },
  { title: 'LIFTED', cell: (hold) => timeOf(hold.liftedAt), matters: (holds) => holds.some((hold) => hold.liftedAt) },
];

/** `portledger hold`: legal holds, which retention respects. */
export function register(hold: Command): void {
  hold
    .command('add')
    .description('hold all data of a device, an address or a port, present and future')
    .option('--mac <mac>', 'hardware address')
    .option('--ip <address>', 'IP address')
    .option('--port <switch-and-port...>', 'switch and port, as reports show them: --port sw-a Gi1/0/12')
    .option('--from <time>', 'only since this moment')
    .option('--to <time>', 'only before this moment')
    .requiredOption('--reason <text>', 'why, for the record: a file number, say')
    .action((options: AddOptions, command: Command) => add(options, command));
  hold
    .command('list')
    .description('list the holds in force (exit 1 if there are none)')
    .option('--all', 'also lifted ones')
    .addOption(new Option('-o, --output <format>', 'form').choices(['table', 'json']).default('table'))
    .option('--wide', 'all columns of the table, whatever the width of the terminal')
    .action((options: { all?: boolean; output: string; wide?: boolean }, command: Command) => list(options, command));
  hold
    .command('remove')
    .description('lift a hold; it stays on record')
    .argument('<number>', 'as hold list shows it')
    .action((number: string, _options: unknown, command: Command) => remove(number, command));
}

async function add(options: AddOptions, command: Command): Promise<void> {
  const config = configOf(command);
  const now = new SystemClock().now();
  if (options.reason.trim() === '')
    throw new UsageError('--reason is empty', { hint: 'give a reason for the record, such as a file number' });
  const [from, to] = [optionalTime(options.from, now), optionalTime(options.to, now)];
  if (from !== null && to !== null && from >= to)
    throw new UsageError('--from is not before --to', { hint: 'exchange them' });
  await withTrail(config.audit.url, async (trail) => {
    const subjects = await subjectsOf(trail, options);
    const key = await signerFor(trail, config, now);
    const record = { from, to, reason: options.reason, placedAt: now, placedBy: whoText() };
    const drafts = subjects.map((subject) => ({ ...subject, ...record }));
    for (const { id, label } of await placeHolds(trail.connection, drafts, key))
      process.stdout.write(`Hold ${id}: ${label}\n`);
  });
}

async function list(options: { all?: boolean; output: string; wide?: boolean }, command: Command): Promise<void> {
  await withTrail(configOf(command).audit.url, async (trail) => {
    const lines = (await readHolds(trail.connection)).filter((hold) => options.all || hold.liftedAt === null);
    if (options.output === 'json') for (const text of renderJson(lines, SHAPE)) process.stdout.write(text);
    else if (lines.length > 0) printTable(lines, COLUMNS, options.wide);
    if (lines.length === 0) process.stderr.write('no holds\n');
    process.exitCode = lines.length > 0 ? EXIT.ok : EXIT.nothingFound;
  });
}

async function remove(number: string, command: Command): Promise<void> {
  if (!/^[1-9]\d{0,8}$/.test(number))
    throw new UsageError(`"${number}" is not the number of a hold`, { hint: 'portledger hold list shows the numbers' });
  const id = Number(number);
  const config = configOf(command);
  const now = new SystemClock().now();
  await withTrail(config.audit.url, async (trail) => {
    const { label } = await liftHold(trail.connection, id, whoText(), now, await signerFor(trail, config, now));
    process.stdout.write(`Hold ${id} is lifted: ${label}\n`);
  });
}

/** One hold for each port of that name: several ports may share a name. */
async function subjectsOf(trail: Trail, { mac, ip, port }: AddOptions): Promise<Subject[]> {
  if ([mac, ip, port].filter((one) => one !== undefined).length !== 1)
    throw new UsageError('A hold is about one thing', { hint: 'give one of --mac, --ip and --port' });
  if (mac !== undefined) {
    const value = parseMacInput(mac);
    return [{ by: 'mac', value, label: `device ${value}` }];
  }
  if (ip !== undefined) {
    const value = parseAddressInput(ip);
    return [{ by: 'ip', value, label: `address ${value}` }];
  }
  const [switchName, portName, ...rest] = port ?? [];
  if (switchName === undefined || portName === undefined || rest.length > 0)
    throw new UsageError('--port takes a switch and a port', { hint: 'write it as --port sw-a Gi1/0/12' });
  const ids = await findPorts(trail, await findSwitches(trail, switchName), portName, switchName);
  const label = `port ${portName} on switch ${switchName}`;
  return ids.map((id) => ({ by: 'port', value: id.toString('hex'), label }));
}

function optionalTime(text: string | undefined, now: Micros): Micros | null {
  return text === undefined ? null : parseTimeInput(text, { now, zone: 'UTC' });
}

function timeOf(at: Micros | null): string | null {
  return at === null ? null : formatInZone(at, 'UTC');
}

function whoText(): string {
  const { user, host } = whoAsks();
  return `${user}@${host}`.slice(0, 255);
}
