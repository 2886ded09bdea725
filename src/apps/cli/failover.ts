import { type Command, Option } from 'commander';
import { EXIT, UnreachableError } from '../../base/errors.js';
import { visible } from '../../base/text.js';
import { MICROS_PER_SECOND, SystemClock, toIsoTime } from '../../base/time.js';
import type { Config } from '../../config/config.js';
import { formatIpv4 } from '../../net/ipv4.js';
import type { OperatorCommand } from '../../server/failover/api.js';
import type { Seconds } from '../../server/failover/binding.js';
import type { PairStatus } from '../../server/pair/pairs.js';
import { configOf } from './context.js';
import { askRunningServer } from './running-server.js';

const COMMANDS: readonly { name: OperatorCommand; description: string }[] = [
  {
    name: 'partner-down',
    description: 'say that the partner is down and stays so: after mclt its addresses are given, too',
  },
  {
    name: 'pause',
    description: 'answer nobody in the shared pools for a short time; the partner goes on with its own addresses',
  },
  {
    name: 'shutdown',
    description: 'answer nobody in the shared pools for long: the partner takes this server for down',
  },
  {
    name: 'resume',
    description: 'end pause or shutdown; after a shutdown it asks the partner first for what it missed',
  },
];

/** A partner of which a connection was refused so many seconds ago is alive. */
const ALIVE = 60;

/** Why a server in this state answers nobody in the shared pools. */
const SILENT: Readonly<Record<string, string>> = {
  startup: 'it waits for the partner, for 15 s at most',
  recover: 'the partner has to tell what it knows; if it is down: portledger failover partner-down',
  'recover-done': 'the partner has to go on first',
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
      const all = (await ask(configOf(command), 'failover-status')) as PairStatus[];
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
        const argument = { name: relationship, command: name };
        const status = (await ask(configOf(command), 'failover-command', argument)) as PairStatus;
        process.stdout.write(`${status.name}: ${stateOf(status.state)}\n`);
        const doubt = doubtOf(name, shownOf(status));
        if (doubt !== undefined) process.stderr.write(`warning: ${doubt}\n`);
      });
  }
}

/** What an operator should know who gave this command; it was followed all the same. */
function doubtOf(command: OperatorCommand, { connected, failure }: Shown): string | undefined {
  if (command === 'shutdown' && !connected)
    return 'the partner is not connected and does not hear of it: if it comes back, it asks this server first what it did';
  const isRefused = failure?.reason.startsWith('refused') ?? false;
  const seconds = isRefused ? secondsSince(failure!.at!) : Number.POSITIVE_INFINITY;
  if (command === 'partner-down' && seconds <= ALIVE)
    return `the partner was heard ${seconds} s ago (${visible(failure!.reason)}): make sure that it serves nobody`;
  return undefined;
}

async function ask(config: Config, command: string, argument?: unknown): Promise<unknown> {
  const answer = await askRunningServer(config.queue.file, command, argument);
  if (answer === undefined) {
    throw new UnreachableError(`No server runs on queue ${config.queue.file}`, {
      hint: 'start it, or name its --config',
    });
  }
  return answer;
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

function timeOf(at: Seconds): string | null {
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
