import { formatIpv4 } from '../net/ipv4.js';
import type { Logger } from '../operate/log/logger.js';
import type { Network } from './leases/network.js';
import type { AddressPool } from './leases/pool.js';

/** Percent of use that are logged when they are reached. */
const THRESHOLDS = [80, 90, 100] as const;
/** A threshold is logged again only after the use fell this far below it. */
const REARM_PERCENT = 5;

/** Use of one pool. */
export interface PoolUsage {
  pool: string;
  size: number;
  used: number;
  percent: number;
}

/** Addresses that are leased, offered or quarantined; addresses that only the failover partner may give do not count in `size`. */
export function usageOf(pool: AddressPool): PoolUsage {
  const used = pool.size - pool.free;
  const size = pool.size - (pool.sharing?.partnersFree() ?? 0);
  const percent = size === 0 ? 100 : (used / size) * 100;
  return { pool: `${formatIpv4(pool.first)}-${formatIpv4(pool.last)}`, size, used, percent };
}

/** Logs once when the use of a pool crosses a threshold upwards. */
export class UsageWatch {
  /** Highest threshold logged, by pool. */
  readonly #logged = new Map<string, number>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Looks at every pool now. */
  check(networks: Iterable<Network>): void {
    for (const network of networks) for (const pool of network.pools) this.#checkPool(network, pool);
  }

  #checkPool(network: Network, pool: AddressPool): void {
    const usage = usageOf(pool);
    if (usage.size === 0) return;
    const key = `${network.id}${usage.pool}`;
    const logged = this.#logged.get(key) ?? 0;
    const reached = THRESHOLDS.findLast((threshold) => usage.percent >= threshold) ?? 0;
    if (reached > logged) {
      this.#logged.set(key, reached);
      this.#logger.log('pool-usage', {
        ...usage,
        percent: Math.floor(usage.percent),
        network: network.name,
        threshold: reached,
      });
    } else if (logged > 0 && usage.percent < logged - REARM_PERCENT) {
      this.#logged.set(key, reached);
    }
  }
}
