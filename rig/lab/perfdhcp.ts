import type { Namespace } from './netns.js';
import { programPath } from './requirements.js';

/** The figures of one kind of exchange (DISCOVER-OFFER, REQUEST-ACK). */
export interface ExchangeStatistics {
  sent: number;
  received: number;
  drops: number;
  orphans: number;
  rejectedLeases: number;
  minDelayMs: number | undefined;
  averageDelayMs: number | undefined;
  maxDelayMs: number | undefined;
}

export interface PerfdhcpResult {
  /** 0 all answered, 3 some exchanges without an answer. */
  exitCode: number | null;
  rate: number | undefined;
  discoverOffer: ExchangeStatistics;
  requestAck: ExchangeStatistics;
  /** The address of every DHCPACK that was received: one per exchange, so a client that asks twice is there twice. */
  acknowledged: string[];
  output: string;
}

export interface PerfdhcpOptions {
  server: string;
  /** Exchanges per second, for so many seconds, by so many different clients. */
  rate: number;
  seconds: number;
  clients: number;
  /** Passed on as they are. */
  flags?: string[];
}

/** Runs perfdhcp, which speaks as a relay whose giaddr is the host's own address. */
export async function runPerfdhcp(host: Namespace, options: PerfdhcpOptions): Promise<PerfdhcpResult> {
  return await startPerfdhcp(host, options).finished;
}

/** A running perfdhcp. */
export interface PerfdhcpRun {
  readonly finished: Promise<PerfdhcpResult>;
  /** Ends the load before its time, with its statistics; answers on their way are waited for. */
  stop(): Promise<PerfdhcpResult>;
}

/** Starts perfdhcp and leaves it running. */
export function startPerfdhcp(host: Namespace, options: PerfdhcpOptions): PerfdhcpRun {
  const { server, rate, seconds, clients, flags = [] } = options;
  const load = ['-r', `${rate}`, '-p', `${seconds}`, '-R', `${clients}`];
  // After the last exchange it waits 1 s for answers, else those still on their way would count as drops.
  const program = host.start([programPath('perfdhcp')!, '-4', '-W', '1000000', '-x', 'l', ...load, ...flags, server]);
  const finished = program.ended.then(({ code }) => parsePerfdhcp(program.output, code));
  // A caller that never waits for it has failed for another reason
  finished.catch(() => undefined);
  return {
    finished,
    stop: () => {
      program.signal('SIGINT');
      return finished;
    },
  };
}

/** Reads what perfdhcp prints at its end. Throws if the statistics are not there. */
export function parsePerfdhcp(output: string, exitCode: number | null): PerfdhcpResult {
  return {
    exitCode,
    rate: figure(output, /^Rate: ([\d.]+)/m),
    discoverOffer: parseExchange(output, 'DISCOVER-OFFER'),
    requestAck: parseExchange(output, 'REQUEST-ACK'),
    acknowledged: parseLeases(output, 'REQUEST-ACK'),
    output,
  };
}

function parseExchange(output: string, name: string): ExchangeStatistics {
  const section = output.split(`***Statistics for: ${name}***`)[1]?.split('***')[0];
  if (section === undefined) throw new Error(`No statistics for ${name} in what perfdhcp wrote:\n${output}`);
  const count = (label: string): number => {
    const value = figure(section, new RegExp(`^${label}: (\\d+)`, 'm'));
    if (value === undefined) throw new Error(`No "${label}" for ${name} in what perfdhcp wrote:\n${output}`);
    return value;
  };
  const delay = (label: string) => figure(section, new RegExp(`^${label} delay: ([\\d.]+) ms`, 'm'));
  return {
    sent: count('sent packets'),
    received: count('received packets'),
    drops: count('drops'),
    orphans: count('orphans'),
    rejectedLeases: count('rejected leases'),
    minDelayMs: delay('min'),
    averageDelayMs: delay('avg'),
    maxDelayMs: delay('max'),
  };
}

function parseLeases(output: string, name: string): string[] {
  const section = output.split(`***Leases for ${name}***`)[1]?.split('***')[0] ?? '';
  return [...section.matchAll(/^[^,\n]*,([\d.]+),/gm)].map((match) => match[1]!);
}

function figure(text: string, pattern: RegExp): number | undefined {
  const match = pattern.exec(text);
  return match ? Number(match[1]) : undefined;
}
