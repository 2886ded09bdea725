import type { Micros } from '../../base/time.js';
import type { Config } from '../../config/config.js';
import { introduceFirst } from '../../ledger/proof/introduction.js';
import type { SigningKey } from '../../ledger/proof/key.js';
import { readKeyFile } from '../../ledger/proof/key-file.js';
import { writeProof } from '../../trail/store/proof-rows.js';
import type { Trail } from '../../trail/store/trail.js';
import { whoAsks } from './open-trail.js';

/**
 * The key of this machine's server, which signs holds and removals made here. Introduces it to the trail if no server has done so.
 * @throws KeyError if there is no key
 */
export async function signerFor(trail: Trail, config: Config, now: Micros): Promise<SigningKey> {
  const key = readKeyFile(config.queue.keyFile);
  const owner = config.server?.name ?? whoAsks().host;
  await writeProof(trail.connection, { checkpoints: [], keys: [introduceFirst(key.public, owner, now)] });
  return key;
}
