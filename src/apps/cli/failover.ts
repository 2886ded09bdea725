import { type Command, Option } from 'commander';
import { EXIT, UnreachableError } from '../../base/errors.js';
import { visible } from '../../base/text.js';
import { MICROS_PER_SECOND, SystemClock, toIsoTime } from '../../base/time.js';
import { formatIpv4 } from '../../net/ipv4.js';
import type { FAILOVER_COMMANDS, PairStatus } from '../../operate/control/contract.js';
import { configOf } from './context.js';
import { askRunningServer } from './running-server.js';

type OperatorCommand = (typeof FAILOVER_COMMANDS)[number];

const COMMANDS: readonly { name: OperatorCommand; description: string }[] = [
  {
    name: 'partner-down',
    description:
      "declare that the partner is down and stays down: after mclt this server also gives the partner's addresses",
  },
  {
    name: 'pause',
    description: 'stop answering in the shared pools for a short time; the partner goes on with its own addresses',
  },
  {
    name: 'shutdown',
    description: 'stop answering in the shared pools for long: the partner assumes that this server is down',
  },
  {
    name: 'resume',
    description: 'end pause or shutdown; after a shutdown this server first asks the partner for what it missed',
  },
];

/** Seconds: a partner whose connection was refused so recently is alive. */
const ALIVE = 60;

/** Why a server in this state does not answer in the shared pools. */
const SILENT: Readonly<Record<string, string>> = {
  startup: 'it waits for the partner, for 15 s at most',
  recover: 'the partner must first send what it knows; if it is down: portledger failover partner-down',
  'recover-done': 'the partner must go on first',
  'potential-conflict': 'the two compare what they leased',
  'conflict-done': 'the two compare what they leased',
  paused: 'portledger failover resume ends that',
  shutdown: 'portledger failover resume ends that',
};

/** `portledger failover`: looks after the pair that this server is one of. */
export function register(failover: Command): void {
  failover
    .command('status')
    .description(
      'show states of both servers, contact or why there is none, updates under way and free addresses (exit 1 if there is no pair)',
    )
    .addOption(new Option('-o, --output <format>', 'form').choices(['table', 'json']).default('table'))
    .action(async ({ output }: { output: string }, command: Command) => {
      const { file } = configOf(command).queue;
      const all = needServer(await askRunningServer(file, 'failover-status'), file);
      const shown = all.map(shownOf);
      process.stdout.write(output === 'json' ? `${JSON.stringify(shown, null, 2)}\n` : shown.map(textOf).join('\n'));
      if (all.length === 0) process.stderr.write('no failover relationship\n');
      process.exitCode = all.length > 0 ? EXIT.ok : EXIT.nothingFound;
    });
  for (const { name, description } of COMMANDS) {
    failover
      .command(name)
      .description(description)
      .argument('[name]', 'relationship, if there are several')
      .action(async (relationship: string | undefined, _options: unknown, command: Command) => {
        const { file } = configOf(command).queue;
        const request = { command: name, ...(relationship !== undefined && { name: relationship }) };
        const status = needServer(await askRunningServer(file, 'failover-command', request), file);
        process.stdout.write(`${status.name}: ${stateOf(status.state)}\n`);
        const doubt = doubtOf(name, shownOf(status));
        if (doubt !== undefined) process.stderr.write(`warning: ${doubt}\n`);
      });
  }
}

/** A warning about a command that was carried out. */
function doubtOf(command: OperatorCommand, { connected, failure }: Shown): string | undefined {
  if (command === 'shutdown' && !connected)
    return 'the partner is not connected and does not learn of this: when it is back, it first asks this server for its updates';
  const isRefused = failure?.reason.startsWith('refused') ?? false;
  const seconds = isRefused ? secondsSince(failure!.at!) : Number.POSITIVE_INFINITY;
  if (command === 'partner-down' && seconds <= ALIVE)
    return `a message of the partner came ${seconds} s ago (${visible(failure!.reason)}): make sure that it serves nobody`;
  return undefined;
}

function needServer<T>(answer: T | undefined, queueFile: string): T {
  if (answer !== undefined) return answer;
  throw new UnreachableError(`No server runs on queue ${queueFile}`, { hint: 'start it, or name its --config' });
}

/** A relationship as it is shown: states in small letters, times in words. */
function shownOf(status: PairStatus) {
  const { name, role, connected, unacked, pending, mclt, clockAhead, failure } = status;
  return {
    name,
    role,
    state: stateOf(status.state),
    since: timeOf(status.since),
    partnerState: status.partnerState === null ? null : stateOf(status.partnerState),
    partnerSince: timeOf(status.partnerSince),
    connected,
    lastContact: timeOf(status.lastContact),
    /** Why the last attempt to dial the partner failed. */
    unreachable: status.unreachable,
    /** Why the last connection was refused or ended, while there is none. */
    failure: failure && { at: timeOf(failure.at), reason: failure.reason },
    unacked,
    pending,
    /** Seconds by which this server's clock is ahead of the partner's. */
    clockDifference: clockAhead,
    /** A secondary learns it from its primary. */
    mclt: mclt === 0 ? null : mclt,
    /** No new client is given an address before. */
    withholdsUntil: timeOf(status.withholdsUntil),
    /** It answers nobody before, for a partner may have given leases that it does not know of. */
    waitsUntil: timeOf(status.waitsUntil),
    /** The partner's free addresses are given from then on. */
    takesOverAt: timeOf(status.takesOverAt),
    pools: status.pools.map(({ first, last, free, backup }) => ({
      pool: `${formatIpv4(first)}-${formatIpv4(last)}`,
      free,
      backup,
    })),
  };
}

type Shown = ReturnType<typeof shownOf>;

function textOf(shown: Shown): string {
  const rows: [string, string][] = [
    [
      'relationship',
      `${visible(shown.name)} (${shown.role}, mclt ${shown.mclt === null ? 'not known yet' : `${shown.mclt} s`})`,
    ],
    ['this server', `${shown.state}${sinceOf(shown.since)}`],
    ['partner', `${shown.partnerState ?? 'unknown'}${sinceOf(shown.partnerSince)}`],
    ['connection', `${shown.connected ? 'up' : 'down'}, last contact ${agoOf(shown.lastContact)}`],
    ...attemptsOf(shown),
    ['updates', `${shown.unacked} not acknowledged yet, ${shown.pending} that the partner does not know`],
    ['clock', clockOf(shown.clockDifference)],
    ...waitsOf(shown),
    ...shown.pools.map(({ pool, free, backup }): [string, string] => [
      'pool',
      `${pool}: ${free} free for the primary, ${backup} for the secondary`,
    ]),
  ];
  return rows.map(([title, value]) => `${title.padEnd(14)}${value}\n`).join('');
}

/** What this server does not do yet, and until when. */
function waitsOf({ state, withholdsUntil, waitsUntil, takesOverAt }: Shown): [string, string][] {
  const silent = SILENT[state];
  const rows: [string, string | null][] = [
    ['waits', withholdsUntil && `gives no new client an address before ${withholdsUntil}`],
    ['answers', silent === undefined ? null : `nobody: ${silent}`],
    ['answers', waitsUntil && `nobody until ${waitsUntil}: leases may go on that neither server knows of`],
    ['takes over', takesOverAt && `gives the partner's free addresses, too, from ${takesOverAt} on`],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== null);
}

/** Why there is no connection: either server dials the other. */
function attemptsOf({ connected, unreachable, failure }: Shown): [string, string][] {
  if (connected) return [];
  return [
    ...(unreachable === null ? [] : ([['last attempt', visible(unreachable)]] satisfies [string, string][])),
    ...(failure === null
      ? []
      : ([['last failure', `${agoOf(failure.at)}, ${visible(failure.reason)}`]] satisfies [string, string][])),
  ];
}

function stateOf(state: string): string {
  return state.toLowerCase();
}

/** ISO 8601 of seconds since 1970; null for 0. */
function timeOf(at: number): string | null {
  return at === 0 ? null : toIsoTime(at * MICROS_PER_SECOND).replace('.000000', '');
}

function sinceOf(at: string | null): string {
  return at === null ? '' : ` since ${at}`;
}

function agoOf(at: string | null): string {
  if (at === null) return 'never';
  return `${secondsSince(at)} s ago`;
}

function secondsSince(at: string): number {
  return Math.max(0, Math.round(new SystemClock().now() / MICROS_PER_SECOND - Date.parse(at) / 1000));
}

function clockOf(ahead: number | null): string {
  if (ahead === null) return 'not compared yet';
  return ahead === 0 ? 'no difference' : `${Math.abs(ahead)} s ${ahead > 0 ? 'ahead of' : 'behind'} the partner's`;
}
