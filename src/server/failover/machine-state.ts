import type { ServerState } from '../../protocol/failover/codes.js';
import type { RelationshipRecord } from './api.js';
import type { Seconds } from './binding.js';
import { ON_RESTART, RESTING } from './states.js';

/** The states of both servers as this one knows them. Immutable. */
export interface Machine {
  /** While `starting`, the state that will be entered. */
  readonly state: ServerState;
  readonly since: Seconds;
  /** In STARTUP: until the partner is heard, or for 15 seconds. */
  readonly starting: boolean;
  readonly partnerState: ServerState | null;
  readonly partnerSince: Seconds;
  readonly partnerStarting: boolean;
  /** True if the partner sent its state on the present connection. */
  readonly heard: boolean;
  readonly lostAt: Seconds;
  readonly partnerLostAt: Seconds;
  /** In RECOVER, entered from a serving state to ask a partner that was shut down; see RECOVERS_AFTER_SHUTDOWN. */
  readonly asking: boolean;
}

export interface MachineContext {
  readonly role: 'primary' | 'secondary';
  readonly mclt: number;
  /** When this server started. */
  readonly started: Seconds;
  /** Seconds in COMMUNICATIONS-INTERRUPTED after which the partner counts as down; 0 = never. */
  readonly autoPartnerDown: number;
  /** True if the partner is a Portledger: it asks a server that was shut down without contact for all it did. */
  readonly partnerAsks: boolean;
  /** True if the pair is known to have used or moved an address before. */
  hasPast(): boolean;
}

/** The machine after a step. `reason`: why its state changed, if it did. `refusal`: why a command was not followed. */
export interface Step {
  readonly machine: Machine;
  readonly reason?: string;
  readonly refusal?: string;
}

/** The machine of a starting server, with its stored record or without one. */
export function startMachine(record: RelationshipRecord | null, now: Seconds): Machine {
  const state = record?.state ?? 'RECOVER';
  const next = ON_RESTART[state] ?? state;
  return {
    state: next,
    since: record && (next === state || keepsTime(state, next)) ? record.since : now,
    starting: true,
    partnerState: record?.partnerState ?? null,
    partnerSince: record?.partnerSince ?? 0,
    partnerStarting: false,
    heard: false,
    lostAt: record ? record.lostAt : now,
    partnerLostAt: record?.partnerLostAt ?? 0,
    asking: false,
  };
}

/** Enters a state. Without effect if the machine is in it. */
export function moveTo(machine: Machine, state: ServerState, now: Seconds, reason: string): Step {
  if (state === machine.state) return { machine };
  const since = keepsTime(machine.state, state) ? machine.since : now;
  const lostAt = state === 'NORMAL' ? 0 : machine.lostAt;
  return { machine: { ...machine, state, since, lostAt, asking: false }, reason };
}

/**
 * True if the new state keeps the start time of the old one. By that time a partner that knew the old state sees that this server still
 * has its stored state.
 */
function keepsTime(from: ServerState, to: ServerState): boolean {
  return to === 'RECOVER-WAIT' || to === 'RECOVER-DONE' || (to === 'RECOVER' && RESTING.has(from));
}

/** Enters RECOVER to ask a partner in SHUTDOWN, before this server serves alone. */
export function recoverFirst(machine: Machine, now: Seconds): Step {
  const { machine: asking } = moveTo(machine, 'RECOVER', now, '');
  return {
    // Without stored state, RECOVER has more to do than that
    machine: { ...asking, starting: false, asking: machine.lostAt === 0 },
    reason: 'partner is in SHUTDOWN, and must first report what it did',
  };
}
