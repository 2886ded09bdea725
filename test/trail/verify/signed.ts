import type { Knex } from 'knex';
import type { EventDraft, LedgerEvent } from '../../../src/ledger/event/event.js';
import { type Checkpoint, signCheckpoint } from '../../../src/ledger/proof/checkpoint.js';
import { introduceFirst } from '../../../src/ledger/proof/introduction.js';
import { generateSigningKey, type SigningKey } from '../../../src/ledger/proof/key.js';
import type { Trail } from '../../../src/trail/store/trail.js';
import { type Verification, type VerifyOptions, verifyTrail } from '../../../src/trail/verify/verify.js';
import { draft, NOON, OF_NO_CLIENT, SECOND, sealAll } from '../store/campus.js';

export const QUEUE = '77777777-7777-4777-8777-777777777777';

/** Signs the chain at one of its events. */
export function checkpointOf(event: LedgerEvent, key: SigningKey, nextWithin = 600 * SECOND): Checkpoint {
  const { queue, sequence, hash, at } = event;
  return signCheckpoint({ queue, sequence, hash, at, nextWithin }, key);
}

/** Events with a value in every field, so that each column can be tampered with. The first is a server's start with a gap. */
export function fullEvents(count: number, queue = QUEUE, server = 'dhcp-a'): LedgerEvent[] {
  const drafts = Array.from({ length: count }, (_, i) => {
    const at = NOON + i * 10 * SECOND;
    return { at, draft: i === 0 ? started(server, at) : granted(server, i, at) };
  });
  return sealAll(queue, drafts);
}

/** Ships events with checkpoints of the given sequences. */
export async function shipSigned(
  trail: Trail,
  events: readonly LedgerEvent[],
  key: SigningKey = generateSigningKey(),
  sequences: readonly number[] = [events.at(-1)!.sequence],
): Promise<SigningKey> {
  const { queue, server } = events[0]!;
  const checkpoints = events
    .filter(({ sequence }) => sequences.includes(sequence))
    .map((one) => checkpointOf(one, key));
  const keys = [introduceFirst(key.public, server, NOON)];
  await trail.append({ queue, server, events, proof: { checkpoints, keys } });
  return key;
}

/** Verifies with a key from outside, or without any. */
export async function verify(
  knex: Knex,
  key?: SigningKey,
  options: Partial<VerifyOptions> = {},
): Promise<Verification> {
  return await verifyTrail(knex, { trusted: key ? [key.public] : [], ...options });
}

/** `kind sequence` of each fault. */
export function namesOf({ faults }: Verification): string[] {
  return faults.map(({ kind, sequence }) => `${kind} ${sequence}`);
}

function granted(server: string, i: number, at: number): EventDraft {
  return draft(i <= 3 ? 'granted' : 'renewed', {
    server,
    address: `10.0.0.${i % 3}`,
    hwaddr: Buffer.from([2, 0, 0, 0, 0, i % 3]),
    clientId: Buffer.from([1, 2, 0, 0, 0, 0, i % 3]),
    hostname: Buffer.from(`host-${i % 3}`),
    vendorClass: Buffer.from('MSFT 5.0'),
    parameterRequestList: Buffer.from([1, 3, 6]),
    xid: 1000 + i,
    clientState: i <= 3 ? 'SELECTING' : 'REBINDING',
    option82: Buffer.from('0102703102047377', 'hex'),
    subscriberId: Buffer.from('subscriber'),
    relayId: Buffer.from('relay'),
    linkSelection: '10.0.0.0',
    leaseStart: at,
    leaseEnd: at + 3600 * SECOND,
    detail: 'a word',
  });
}

function started(server: string, at: number): EventDraft {
  const span = { leaseStart: at - 60 * SECOND, leaseEnd: at };
  return draft('server-started', { ...OF_NO_CLIENT, server, detail: 'after an unclean end', ...span });
}
