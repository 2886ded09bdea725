import { distance } from 'fastest-levenshtein';
import { EXIT, PortledgerError, UsageError } from '../../base/errors.js';
import { parseHexInput, portIdsOf, portNames, switchIdsOf, switchNames } from '../../trail/store/history/find-ports.js';
import type { Trail } from '../../trail/store/trail.js';

/** The trail knows no such switch or port. */
export class NotFoundError extends PortledgerError {
  override readonly code = 'not-found';
  override readonly exitCode = EXIT.nothingFound;
}

/** Names compared to find the nearest: a trail full of forged circuit-ids must not make a typing error expensive. */
const CANDIDATES = 5000;
const SUGGESTIONS = 3;

/**
 * Ids of the switches with that name (case-sensitive, as reports show it; `-` for those without one), or with those raw
 * bytes in `0x` hex. Throws NotFoundError with the nearest names, UsageError for `0x` that is not hex.
 */
export async function findSwitches({ knex }: Trail, text: string): Promise<Buffer[]> {
  const ids = await switchIdsOf(knex, text);
  if (ids.length > 0) return ids;
  throw notFound(text, await switchNames(knex, CANDIDATES), `The trail knows no switch "${text}"`);
}

/** Ids of the ports with that name, or circuit-id in `0x` hex, on these switches. Throws as {@link findSwitches} does. */
export async function findPorts(
  { knex }: Trail,
  switches: readonly Buffer[],
  text: string,
  on: string,
): Promise<Buffer[]> {
  const ids = await portIdsOf(knex, switches, text);
  if (ids.length > 0) return ids;
  const names = await portNames(knex, switches, CANDIDATES);
  throw notFound(text, names, `The trail knows no port "${text}" on switch "${on}"`);
}

function notFound(text: string, names: readonly string[], message: string): PortledgerError {
  if (/^0x/i.test(text) && !parseHexInput(text))
    return new UsageError(`"${text}" is neither a name in the trail nor bytes in hex`, {
      hint: 'give bytes as 0x and an even number of hex digits',
    });
  const near = nearest(text, names).map((name) => `"${name}"`);
  const hint = near.length > 0 ? `the nearest ${near.length === 1 ? 'is' : 'are'} ${near.join(', ')}` : NONE_YET;
  return new NotFoundError(message, { hint });
}

const NONE_YET = 'it knows none here yet';

/** The names that differ in the fewest characters, ignoring case, best first. */
export function nearest(text: string, names: readonly string[]): string[] {
  const wanted = text.toLowerCase();
  return names
    .map((name) => ({ name, away: distance(wanted, name.toLowerCase()) }))
    .sort((a, b) => a.away - b.away || (a.name < b.name ? -1 : 1))
    .slice(0, SUGGESTIONS)
    .map(({ name }) => name);
}
