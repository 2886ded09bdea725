import assert from 'node:assert/strict';
import { highest, type LoadResult, perfdhcpResult } from '../../rig/bench/load.js';
import { median, ratioRows, shown } from '../../rig/bench/result.js';

const STEPS = { from: 1000, factor: 1.4, seconds: 1, refine: false };

/** What perfdhcp prints at its end, with these counts for both exchanges. */
function perfdhcpOutput(sent: number, received: number): string {
  const section = (name: string): string =>
    `***Statistics for: ${name}***\nsent packets: ${sent}\nreceived packets: ${received}\ndrops: ${sent - received}\n` +
    'orphans: 0\nrejected leases: 0\nnon unique addresses: 0\n\nmin delay: 0.1 ms\navg delay: 0.2 ms\nmax delay: 0.3 ms\n';
  return `***Rate statistics***\nRate: ${received}\n\n${section('DISCOVER-OFFER')}${section('REQUEST-ACK')}`;
}

describe('The bench', () => {
  it('counts an exchange as lost if its offer or its ACK did not come', () => {
    const result = perfdhcpResult(perfdhcpOutput(1000, 990), 3, 500, 2);
    assert.equal(result.answered, 495);
    assert.equal(result.lost, 0.02);
    assert.equal(perfdhcpResult(perfdhcpOutput(1000, 1000), 0, 500, 2).lost, 0);
  });

  it('takes no rate for served that the load could not offer', () => {
    assert.equal(perfdhcpResult(perfdhcpOutput(500, 500), 0, 500, 2).lost, 0.5);
  });

  it('climbs to the highest rate with under 0.1 % lost, past one failure but not past two', async () => {
    const asked: number[] = [];
    const load = async (rate: number): Promise<LoadResult> => {
      asked.push(rate);
      const lost = rate > 2000 && rate !== 3842 ? 0.01 : 0;
      return { offered: rate, answered: rate * (1 - lost), lost, p50: 1, p99: 2 };
    };
    assert.equal((await highest(load, STEPS)).answered, 3842);
    assert.deepEqual(asked, [1000, 1400, 1960, 2744, 3842, 5379]);
  });

  it('tries a rate between the highest that was served and the next, if that is wanted', async () => {
    const upTo =
      (most: number) =>
      async (rate: number): Promise<LoadResult> => {
        return { offered: rate, answered: rate, lost: rate > most ? 0.01 : 0, p50: 1, p99: 2 };
      };
    assert.equal((await highest(upTo(2400), { ...STEPS, refine: true })).answered, 2319);
    assert.equal((await highest(upTo(2200), { ...STEPS, refine: true })).answered, 1960);
  });

  it('goes down where even the first rate is too much', async () => {
    const load = async (rate: number): Promise<LoadResult> => {
      const lost = rate > 600 ? 0.01 : 0;
      return { offered: rate, answered: rate, lost, p50: 1, p99: 2 };
    };
    assert.equal((await highest(load, STEPS)).answered, 510);
  });

  it('tells of nothing served by a zero', async () => {
    const load = async (rate: number): Promise<LoadResult> => ({ offered: rate, answered: 1, lost: 1, p50: 1, p99: 2 });
    assert.equal((await highest(load, STEPS)).answered, 0);
  });

  it('gives medians, and the ratio of one subject to each of the others', () => {
    assert.deepEqual([median([3, 1, 2]), median([4, 1]), median([])], [2, 2.5, Number.NaN]);
    const row = (subject: string, value: number) => ({ part: 'p', what: 'w', subject, value });
    const rows = ratioRows([row('a', 1), row('b', 2), row('a', 3), row('b', 6), row('a', 2)], 'b');
    assert.deepEqual(rows, [{ ...row('a', 2), ratio: 2 }, row('b', 4)]);
  });

  it('shows large values whole and small ones with three digits', () => {
    assert.deepEqual([12_345.6, 99.96, 0.012_345, Number.NaN].map(shown), ['12,346', '100', '0.0123', '-']);
  });
});
