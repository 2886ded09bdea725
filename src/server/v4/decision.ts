import { DROP_REASONS, type DropReason } from '../pipeline/counters.js';
import type { Scope } from './topology.js';

/** A reply before it is encoded. */
export interface ReplyPlan {
  readonly type: 'offer' | 'ack' | 'nak';
  /** 0 in a NAK and in the answer to an INFORM. */
  readonly yiaddr: number;
  /** Absent in a NAK. */
  readonly scope?: Scope;
  /** Seconds. Absent in a NAK and in the answer to an INFORM. */
  readonly leaseSeconds?: number;
  /** Text of a NAK (option 56). */
  readonly reason?: string;
}

export interface Reply {
  readonly kind: 'reply';
  readonly plan: ReplyPlan;
}

/** The request changes nothing and gets no reply. */
export interface Drop {
  readonly kind: 'drop';
  readonly reason: DropReason;
}

/** What the server does about a request. `none`: the request took effect and the protocol has no reply (RELEASE, DECLINE). */
export type Decision = Reply | Drop | { readonly kind: 'none' };

export const NO_REPLY = { kind: 'none' } as const satisfies Decision;

/** One object for each reason, so that a flood of bad packets allocates nothing here. */
const DROPS = new Map(DROP_REASONS.map((reason): [DropReason, Drop] => [reason, { kind: 'drop', reason }]));

/** A shared object: do not change it. */
export function drop(reason: DropReason): Drop {
  return DROPS.get(reason)!;
}

export function reply(plan: ReplyPlan): Reply {
  return { kind: 'reply', plan };
}
