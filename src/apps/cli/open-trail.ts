import { existsSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { UnreachableError } from '../../base/errors.js';
import { connectError, damagedError, deniedError, isTransient } from '../../trail/store/errors.js';
import { Trail } from '../../trail/store/trail.js';
import { parseTrailUrl } from '../../trail/store/url.js';

/** The rights that a user of the database needs. */
const RIGHTS =
  'grant the user of audit.url SELECT on all tables of the trail; INSERT, UPDATE and DELETE where it is written';

/**
 * Works with the trail that is there, and closes it. Opening the embedded one would make an empty file where there is none.
 * Throws UnreachableError if it cannot be reached or goes away, SchemaError if it is not of this version, DamagedTrailError if its tables
 * are not those of a trail.
 */
export async function withTrail<T>(url: string, work: (trail: Trail) => Promise<T>): Promise<T> {
  const target = parseTrailUrl(url);
  if (target.kind === 'sqlite' && !existsSync(target.file)) {
    throw new UnreachableError(`Trail sqlite:${target.file} does not exist yet`, {
      hint: 'run portledger ship --once first, or check audit.url',
    });
  }
  const trail = await Trail.open(url);
  try {
    await trail.checkSchema();
    return await work(trail);
  } catch (error) {
    throw isTransient(error) ? connectError(error, target) : damagedError(deniedError(error, target, RIGHTS), target);
  } finally {
    await trail.close();
  }
}

/** User and host that run this command, for records. A user without a name is recorded by number. */
export function whoAsks(): { readonly user: string; readonly host: string } {
  try {
    return { user: userInfo().username, host: hostname() };
  } catch {
    return { user: `uid ${process.getuid?.()}`, host: hostname() };
  }
}
