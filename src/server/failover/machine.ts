import type { ServerState } from '../../protocol/failover/codes.js';
import type { OperatorCommand } from './api.js';
import type { Seconds } from './binding.js';
import { type Machine, type MachineContext, moveTo, recoverFirst, type Step } from './machine-state.js';
import { onCommand } from './operator-commands.js';
import {
  ON_LINK_LOST,
  ON_PARTNER_DOWN_AT_START,
  ON_PARTNER_STATE,
  RECOVERING,
  RECOVERS_AFTER_SHUTDOWN,
  RESTING,
} from './states.js';

export type MachineInput =
  | { readonly type: 'partner-state'; readonly state: ServerState; readonly since: Seconds; readonly starting: boolean }
  | { readonly type: 'link-lost' }
  /** The partner was not heard while starting. */
  | { readonly type: 'start-over' }
  /** The partner has sent all requested updates. */
  | { readonly type: 'updates-done' }
  | { readonly type: 'tick' }
  | { readonly type: 'operator'; readonly command: OperatorCommand };

/** One step. Pure, and defined for all states and inputs. */
export function step(machine: Machine, input: MachineInput, context: MachineContext, now: Seconds): Step {
  switch (input.type) {
    case 'partner-state':
      return onPartnerState(machine, input, context, now);
    case 'link-lost':
      return lose({ ...machine, heard: false }, 'connection lost', context, now);
    case 'start-over':
      return lose({ ...machine, starting: false }, 'partner not heard at the start', context, now);
    case 'updates-done':
      return onUpdatesDone(machine, context, now);
    case 'tick':
      return onTick(machine, context, now);
    case 'operator':
      return onCommand(machine, input.command, context, now);
  }
}

/** The updates to request from the partner in this state: all, the unacknowledged ones, or none (null). */
export function wantedUpdates(machine: Machine, role: 'primary' | 'secondary'): 'all' | 'pending' | null {
  if (!machine.heard || machine.starting) return null;
  if (machine.state === 'RECOVER') return 'all';
  const mayAsk = role === 'primary' || machine.partnerState === 'CONFLICT-DONE';
  if (machine.state !== 'POTENTIAL-CONFLICT' || !mayAsk) return null;
  return machine.lostAt > 0 ? 'all' : 'pending';
}

function onPartnerState(
  machine: Machine,
  input: Extract<MachineInput, { type: 'partner-state' }>,
  context: MachineContext,
  now: Seconds,
): Step {
  const heard: Machine = {
    ...machine,
    partnerState: input.state,
    partnerSince: input.since,
    partnerStarting: input.starting,
    heard: true,
    partnerLostAt: hasLostMemory(machine, input) ? now : machine.partnerLostAt,
  };
  if (shutDownUnheard(machine, input) && RECOVERS_AFTER_SHUTDOWN.has(machine.state)) return recoverFirst(heard, now);
  return react(heard, context, now);
}

/** True if the partner connects in SHUTDOWN, entered while there was no connection. It may have served until then, even alone. */
function shutDownUnheard(machine: Machine, input: Extract<MachineInput, { type: 'partner-state' }>): boolean {
  const isKnown = machine.partnerState === 'SHUTDOWN' && machine.partnerSince === input.since;
  return input.state === 'SHUTDOWN' && !machine.heard && !isKnown;
}

/**
 * True if the partner connects in RECOVER because it lost its stored state: otherwise it would connect in the state that it had. Not if
 * it was already in this RECOVER when last heard, or in a state that passes its start time on to it.
 */
function hasLostMemory(machine: Machine, input: Extract<MachineInput, { type: 'partner-state' }>): boolean {
  const wasResting = machine.partnerState !== null && RESTING.has(machine.partnerState);
  const isKnown = wasResting && machine.partnerSince === input.since;
  return input.state === 'RECOVER' && !machine.heard && !isKnown;
}

/** Moves by the table of transitions for the present states of both servers. */
export function react(machine: Machine, context: MachineContext, now: Seconds): Step {
  const { partnerState, starting } = machine;
  if (!machine.heard || partnerState === null) return { machine };
  const started: Machine = { ...machine, starting: false };
  const reason = `partner is in ${partnerState}`;
  if (starting && partnerState === 'PARTNER-DOWN') {
    const state = ON_PARTNER_DOWN_AT_START[machine.state];
    if (state) return { ...moveTo(started, state, now, reason) };
  }
  const next = reaction(machine, partnerState, context, now);
  return next ? moveTo(started, next, now, reason) : { machine: started };
}

function reaction(
  machine: Machine,
  partnerState: ServerState,
  context: MachineContext,
  now: Seconds,
): ServerState | undefined {
  const { state, lostAt, partnerStarting } = machine;
  // The operator let this server serve without its stored state, and now the partner is here, which knows more
  if (state === 'PARTNER-DOWN' && lostAt > 0) return 'RECOVER';
  // A partner that served alone must report that. If it has lost its stored state since, it goes to RECOVER and only asks
  const servedToo = partnerState === 'PARTNER-DOWN' && context.partnerAsks;
  if (state === 'PARTNER-DOWN' && partnerStarting && !servedToo) return undefined;
  const next = ON_PARTNER_STATE[state][partnerState];
  // If both lost it, one waits in POTENTIAL-CONFLICT for the other. If each followed the other they would never meet
  const waitsThere = state === 'POTENTIAL-CONFLICT' && context.role === 'primary' && context.partnerAsks;
  if (waitsThere && lostAt > 0 && partnerState === 'RECOVER') return undefined;
  // Without stored state it serves no client before the partner has sent what it knows
  if (next === 'PARTNER-DOWN' && lostAt > 0) return state === 'RECOVER' ? undefined : 'RECOVER';
  // Nor before MCLT has passed: meanwhile another Portledger serves alone. A dhcpd in POTENTIAL-CONFLICT would exit if this server did not follow
  const waits = state === 'RECOVER' && lostAt > 0 && now <= lostAt + context.mclt && context.partnerAsks;
  return waits && next === 'POTENTIAL-CONFLICT' ? undefined : next;
}

function lose(machine: Machine, reason: string, context: MachineContext, now: Seconds): Step {
  // A primary that is dhcpd and waits in CONFLICT-DONE would exit if it heard COMMUNICATIONS-INTERRUPTED
  const waits = context.role === 'secondary' && machine.partnerState === 'CONFLICT-DONE' && machine.state === 'NORMAL';
  if (machine.starting) return { machine };
  // Back to serving with its own addresses. It asks again at the next connection
  if (machine.asking) return moveTo({ ...machine, partnerSince: 0 }, 'COMMUNICATIONS-INTERRUPTED', now, reason);
  const next = waits ? 'RESOLUTION-INTERRUPTED' : ON_LINK_LOST[machine.state];
  return next ? moveTo(machine, next, now, reason) : { machine };
}

function onUpdatesDone(machine: Machine, context: MachineContext, now: Seconds): Step {
  const reason = 'the partner has sent its updates';
  if (machine.state === 'RECOVER') {
    const waits = machine.lostAt > 0 && now <= machine.lostAt + context.mclt && hasPast(machine, context);
    return moveTo(machine, waits ? 'RECOVER-WAIT' : 'RECOVER-DONE', now, reason);
  }
  if (machine.state !== 'POTENTIAL-CONFLICT') return { machine };
  if (context.role === 'primary') return moveTo(machine, 'CONFLICT-DONE', now, reason);
  return machine.partnerState === 'CONFLICT-DONE' ? moveTo(machine, 'NORMAL', now, reason) : { machine };
}

/** True if this pair has worked before: two new servers are both in a RECOVER state. */
function hasPast({ partnerState }: Machine, context: MachineContext): boolean {
  return !RECOVERING.has(partnerState) || context.hasPast();
}

function onTick(machine: Machine, context: MachineContext, now: Seconds): Step {
  if (machine.starting) return { machine };
  if (machine.state === 'RECOVER-WAIT' && now > machine.lostAt + context.mclt) {
    return moveTo(machine, 'RECOVER-DONE', now, 'MCLT has passed');
  }
  // Before this server started, the partner may have been well
  const alone = Math.max(machine.since, context.started);
  const isDue = context.autoPartnerDown > 0 && now >= alone + context.autoPartnerDown;
  if (machine.state === 'COMMUNICATIONS-INTERRUPTED' && !machine.heard && isDue) {
    return moveTo(machine, 'PARTNER-DOWN', now, `no connection for ${context.autoPartnerDown} s`);
  }
  return { machine };
}
