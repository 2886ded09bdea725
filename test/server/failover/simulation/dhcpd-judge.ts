import { REJECT } from '../../../../src/protocol/failover/codes.js';
import type { Binding } from '../../../../src/server/failover/binding.js';
import type { Update } from '../../../../src/server/failover/binding-update.js';
import type { JudgeContext, Verdict } from '../../../../src/server/failover/judge.js';

export type { JudgeContext, Verdict } from '../../../../src/server/failover/judge.js';

/**
 * How dhcpd 4.4.3 decides about an update in NORMAL, with all in which it errs: it takes an expiry up to 65 s early, lets go of an active lease for
 * a free one, knows no holder, and goes by its own lease only while that is on its way. Stands in for judge.ts in a partner that is to behave so.
 */
export const CLOCK_LIMIT = 60;
const FORGIVEN = 65;

export function judge(own: Binding, update: Update, context: JudgeContext): Verdict {
  if (context.inFlight && isMoreCritical(own, update, context.isPrimary)) {
    return refuse(REJECT.LESS_CRITICAL, 'incoming update is less critical than outgoing update');
  }
  if (isPossible(own, update, context)) return take(own, update, context.now);
  return refuse(REJECT.FATAL_CONFLICT, `invalid state transition: ${own.status} to ${update.status}`);
}

function isMoreCritical(own: Binding, update: Update, isPrimary: boolean): boolean {
  if (own.status === 'ACTIVE' && update.status === 'ACTIVE') {
    return own.cltt > update.cltt || (own.cltt === update.cltt && isPrimary);
  }
  if (own.status === 'ACTIVE' && update.status === 'EXPIRED') return false;
  return update.status !== 'ACTIVE' && isPrimary;
}

function isPossible(own: Binding, update: Update, { isPrimary, now }: JudgeContext): boolean {
  const becomesFree = update.status === 'FREE' || update.status === 'BACKUP';
  const ended = own.status === 'EXPIRED' || own.status === 'RESET';
  if (ended) return !becomesFree || update.potential <= now;
  if (own.status !== 'ACTIVE' || update.status === 'ACTIVE') return true;
  if (isPrimary) return update.status === 'RELEASED' || update.status === 'ABANDONED';
  if (becomesFree) return update.potential <= now;
  return update.status !== 'EXPIRED' || own.ends - FORGIVEN <= now;
}

function refuse(code: number, text: string): Verdict {
  return { kind: 'refuse', code, text };
}

function take(own: Binding, update: Update, now: number): Verdict {
  const { starts, ends, cltt, potential, flags } = update;
  const isEnded = update.status === 'EXPIRED' || update.status === 'RELEASED' || update.status === 'RESET';
  const status = isEnded ? 'FREE' : update.status;
  const keepsHolder = status === 'FREE' || status === 'BACKUP';
  const times = { starts, ends, cltt, promised: potential, acknowledged: potential, agreed: now };
  const holder = update.holder ?? (keepsHolder ? own.holder : null);
  const nothing = { hostname: null, port: null, pending: false, own: false, rewind: null };
  return { kind: 'take', binding: { address: own.address, status, holder, flags, ...times, ...nothing } };
}
