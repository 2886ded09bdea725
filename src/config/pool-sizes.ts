import { type AddressRange, formatRange } from './addresses.js';
import type { YamlPath } from './yaml-path.js';

/** Most addresses of one pool: a /10. Each takes memory, and time at every start and reload. */
export const POOL_LIMIT = 2 ** 22;
/** Most addresses of all pools. */
export const POOLS_LIMIT = 2 ** 24;

/** Adds up pool sizes. Reports each pool that is too large, or makes the sum too large. */
export class PoolSizes {
  #total = 0;

  check(range: AddressRange, at: YamlPath): void {
    const size = range.last - range.first + 1;
    if (size > POOL_LIMIT) {
      const hint = 'write a smaller range, or several';
      at.fault(`has ${size} addresses, and a pool may have ${POOL_LIMIT}`, formatRange(range), hint);
      return;
    }
    this.#total += size;
    if (this.#total <= POOLS_LIMIT) return;
    const problem = `makes it ${this.#total} addresses of all pools, and they may have ${POOLS_LIMIT}`;
    at.fault(problem, formatRange(range), 'write smaller ranges, or spread the subnets over several servers');
  }
}
