import { type AddressRange, formatRange } from './addresses.js';
import type { YamlPath } from './yaml-path.js';

/** A range with the at that wrote it. */
export interface RangeInFile extends AddressRange {
  readonly at: YamlPath;
}

/** Reports each range that shares addresses with one before it (in the order of addresses), at the later of the two in the file. */
export function checkOverlaps(ranges: readonly RangeInFile[], noun: string): void {
  const order = new Map(ranges.map((range, i) => [range, i]));
  const sorted = [...ranges].sort((a, b) => a.first - b.first || b.last - a.last);
  let widest: RangeInFile | undefined;
  for (const range of sorted) {
    if (widest && range.first <= widest.last) {
      const [earlier, later] = order.get(widest)! < order.get(range)! ? [widest, range] : [range, widest];
      later.at.fault(
        `shares addresses with ${noun} ${formatRange(earlier)} of ${earlier.at.path}`,
        formatRange(later),
        'change one of the two so that each address belongs to one',
      );
    }
    if (!widest || range.last > widest.last) widest = range;
  }
}
