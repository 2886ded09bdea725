import type { Namespace } from '../lab/netns.js';
import { parsePerfdhcp } from '../lab/perfdhcp.js';
import { programPath } from '../lab/requirements.js';
import { RELAY, SERVER } from './peers.js';

/** The result of a load. */
export interface LoadResult {
  /** Exchanges per second that were offered, and that got their ACK. */
  readonly offered: number;
  readonly answered: number;
  /** Share of the exchanges without an ACK, 0 to 1. */
  readonly lost: number;
  /** Microseconds that the server took for DISCOVER and REQUEST together (or for a renewal); NaN if the tool does not measure it. */
  readonly p50: number;
  readonly p99: number;
}

/** Loads the server with `rate` exchanges per second for some seconds. */
export type Load = (rate: number, seconds: number) => Promise<LoadResult>;

/** perfdhcp as a relay, with this many clients, and with a preloaded library. */
export function perfdhcp(host: Namespace, clients: number, preload: string): Load {
  const env = { ...process.env, LD_PRELOAD: preload };
  return async (rate, seconds) => {
    const flags = ['-4', '-W', '1000000', '-r', `${rate}`, '-p', `${seconds}`, '-R', `${clients}`];
    for (let attempt = 1; ; attempt++) {
      const program = host.start([programPath('perfdhcp')!, ...flags, SERVER], { env });
      const { code } = await program.ended;
      // perfdhcp gives up if the kernel's time stamps differ from its own, which has nothing to do with the server.
      if (code !== 1 || attempt === ATTEMPTS) return perfdhcpResult(program.output, code, rate, seconds);
    }
  };
}

const ATTEMPTS = 3;

/** An exchange is lost if its DISCOVER or its REQUEST was; what perfdhcp did not manage to send is not offered. */
export function perfdhcpResult(output: string, code: number | null, rate: number, seconds: number): LoadResult {
  const { discoverOffer, requestAck } = parsePerfdhcp(output, code);
  const lost = (discoverOffer.drops + requestAck.drops) / Math.max(1, discoverOffer.sent);
  const short = Math.max(0, 1 - discoverOffer.sent / (rate * seconds));
  const answered = requestAck.received / seconds;
  // If the tool falls behind further than this, it has reached its own limit, not the server's.
  return {
    offered: rate,
    answered,
    lost: short > 0.1 ? Math.max(lost, short) : lost,
    p50: Number.NaN,
    p99: Number.NaN,
  };
}

export interface OwnLoad {
  readonly clients: number;
  /** Number of switch ports that the clients use; 0: no Option 82. */
  readonly ports: number;
  readonly mode: 'exchange' | 'renew';
}

/** The bench's own load. */
export function ownLoad(host: Namespace, program: string, { clients, ports, mode }: OwnLoad): Load {
  return async (rate, seconds) => {
    const run = host.start([program, SERVER, RELAY, ...[rate, seconds, clients, ports].map(String), mode]);
    await run.ended;
    if (run.stdout === '') throw new Error(`The load did not run: ${run.stderr}`);
    const { sent, answered, perSecond, p50, p99 } = JSON.parse(run.stdout);
    return { offered: rate, answered: perSecond, lost: 1 - answered / Math.max(1, sent), p50, p99 };
  };
}

/** A rate counts as served if no larger share is lost. */
const LOST = 0.001;
/** Above this rate only the ceiling is measured, not a server. */
const MOST = 40_000;
/** Below this rate there is nothing to compare. */
const LEAST = 300;

/** The rates to try: a first one that the server should manage, then each higher by a factor; each for some seconds. */
export interface Steps {
  readonly from: number;
  readonly factor: number;
  readonly seconds: number;
  /** True: also try a rate between the highest that was served and the next. */
  readonly refine: boolean;
}

/** The highest of the stepped rates at which less than 0.1 % is lost, as it was answered; 0 if not even at a low one. */
export async function highest(load: Load, { from, factor, seconds, refine }: Steps): Promise<LoadResult> {
  let best: LoadResult = { offered: 0, answered: 0, lost: 1, p50: Number.NaN, p99: Number.NaN };
  const isServed = async (rate: number): Promise<boolean> => {
    const result = await load(rate, seconds);
    if (process.env.BENCH_VERBOSE) console.log(result);
    if (result.lost < LOST) best = result;
    return result.lost < LOST;
  };
  for (let rate = from, failures = 0; failures < 2 && rate < MOST; rate = Math.round(rate * factor)) {
    if (!(await isServed(rate))) failures += 1;
  }
  for (let rate = from / factor; best.offered === 0 && rate > LEAST; rate /= factor) await isServed(Math.round(rate));
  if (refine && best.offered > 0) await isServed(Math.round(best.offered * Math.sqrt(factor)));
  return best;
}
