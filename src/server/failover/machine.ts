import type { ServerState } from '../../protocol/failover/codes.js';
import type { OperatorCommand, RelationshipRecord } from './api.js';
import type { Seconds } from './binding.js';
import {
  ASKS_WHO_SHUT_DOWN,
  IN_CONFLICT,
  LEARNING,
  MAY_GO_PARTNER_DOWN,
  ON_LINK_LOST,
  ON_PARTNER_DOWN_AT_START,
  ON_PARTNER_STATE,
  ON_RESTART,
  RECOVERING,
  RESTING,
} from './states.js';

/** The states of both servers as this one knows them. Never changed in place. */
export interface Machine {
  /** While `starting`, the state that will be taken up. */
  readonly state: ServerState;
  readonly since: Seconds;
  /** STARTUP: until the partner is heard, or the start has taken long enough. */
  readonly starting: boolean;
  readonly partnerState: ServerState | null;
  readonly partnerSince: Seconds;
  readonly partnerStarting: boolean;
  /** The partner told its state on the present connection. */
  readonly heard: boolean;
  readonly lostAt: Seconds;
  readonly partnerLostAt: Seconds;
  /** In RECOVER, which it left a state of service for to ask a partner that was shut down; see {@link ASKS_WHO_SHUT_DOWN}. */
  readonly asking: boolean;
}

export type MachineInput =
  | { readonly type: 'partner-state'; readonly state: ServerState; readonly since: Seconds; readonly starting: boolean }
  | { readonly type: 'link-lost' }
  /** Nobody answered while starting. */
  | { readonly type: 'start-over' }
  /** The partner has sent all that it was asked for. */
  | { readonly type: 'updates-done' }
  | { readonly type: 'tick' }
  | { readonly type: 'operator'; readonly command: OperatorCommand };

export interface MachineContext {
  readonly role: 'primary' | 'secondary';
  readonly mclt: number;
  /** When this server started. */
  readonly started: Seconds;
  /** Seconds in COMMUNICATIONS-INTERRUPTED after which the partner is taken for down, 0 = never. */
  readonly autoPartnerDown: number;
  /** The partner is a Portledger: it asks for all that a server did that was shut down unheard. */
  readonly partnerAsks: boolean;
  /** True if any address is known to have been used or moved: then this pair has a past. */
  hasPast(): boolean;
}

/** The machine afterwards; `reason` says why in a few words if its state moved, `refusal` why a command was not followed. */
export interface Step {
  readonly machine: Machine;
  readonly reason?: string;
  readonly refusal?: string;
}

/** The machine of a server that starts with what it kept, or without a memory. */
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

/** One move: pure, and total over all states and inputs. */
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

/** What the partner has to be asked for in this state: all that it knows, what is unacknowledged, or nothing. */
export function wantedUpdates(machine: Machine, role: 'primary' | 'secondary'): 'all' | 'pending' | null {
  if (!machine.heard || machine.starting) return null;
  if (machine.state === 'RECOVER') return 'all';
  const isTurn = role === 'primary' || machine.partnerState === 'CONFLICT-DONE';
  if (machine.state !== 'POTENTIAL-CONFLICT' || !isTurn) return null;
  return machine.lostAt > 0 ? 'all' : 'pending';
}

function moveTo(machine: Machine, state: ServerState, now: Seconds, reason: string): Step {
  if (state === machine.state) return { machine };
  const since = keepsTime(machine.state, state) ? machine.since : now;
  const lostAt = state === 'NORMAL' ? 0 : machine.lostAt;
  return { machine: { ...machine, state, since, lostAt, asking: false }, reason };
}

/**
 * True if the new state has the time of the former one. By that a partner that heard of the former one knows a server that recovers for one that
 * still has its memory.
 */
function keepsTime(from: ServerState, to: ServerState): boolean {
  return to === 'RECOVER-WAIT' || to === 'RECOVER-DONE' || (to === 'RECOVER' && RESTING.has(from));
}

/** Asks a partner in SHUTDOWN before it goes on alone. */
function ask(machine: Machine, now: Seconds): Step {
  const { machine: asking } = moveTo(machine, 'RECOVER', now, '');
  return {
    // Who has no memory is in RECOVER for more than that
    machine: { ...asking, starting: false, asking: machine.lostAt === 0 },
    reason: 'partner is in SHUTDOWN, and has to tell what it did before',
  };
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
  if (shutDownUnheard(machine, input) && ASKS_WHO_SHUT_DOWN.has(machine.state)) return ask(heard, now);
  return react(heard, context, now);
}

/** The partner connects in a SHUTDOWN of which this server did not hear while it was connected: it may have served meanwhile, alone even. */
function shutDownUnheard(machine: Machine, input: Extract<MachineInput, { type: 'partner-state' }>): boolean {
  const isKnown = machine.partnerState === 'SHUTDOWN' && machine.partnerSince === input.since;
  return input.state === 'SHUTDOWN' && !machine.heard && !isKnown;
}

/**
 * A partner that connects in RECOVER has no memory: with one it would tell the state that it had, and move on from there. Unless it was in
 * this very RECOVER when it was last heard, or in the state that it comes from, which has the same time.
 */
function hasLostMemory(machine: Machine, input: Extract<MachineInput, { type: 'partner-state' }>): boolean {
  const wasResting = machine.partnerState !== null && RESTING.has(machine.partnerState);
  const isKnown = wasResting && machine.partnerSince === input.since;
  return input.state === 'RECOVER' && !machine.heard && !isKnown;
}

/** Moves as the table has it for what both are in now. */
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
  // The operator had it go on without a memory, and here is who knows more
  if (state === 'PARTNER-DOWN' && lostAt > 0) return 'RECOVER';
  // One that served alone has to tell of it. If it has no memory since, it goes to RECOVER, and only asks
  const servedToo = partnerState === 'PARTNER-DOWN' && context.partnerAsks;
  if (state === 'PARTNER-DOWN' && partnerStarting && !servedToo) return undefined;
  const next = ON_PARTNER_STATE[state][partnerState];
  // Where both lost it one waits for the other to compare, too: if each went to where the other is they would miss one another for ever
  const waitsThere = state === 'POTENTIAL-CONFLICT' && context.role === 'primary' && context.partnerAsks;
  if (waitsThere && lostAt > 0 && partnerState === 'RECOVER') return undefined;
  // Who lost its memory serves nobody before it has heard what the partner knows
  if (next === 'PARTNER-DOWN' && lostAt > 0) return state === 'RECOVER' ? undefined : 'RECOVER';
  // Nor before MCLT has passed: another Portledger goes on alone as long. dhcpd would end itself if it compared and this server did not
  const waits = state === 'RECOVER' && lostAt > 0 && now <= lostAt + context.mclt && context.partnerAsks;
  return waits && next === 'POTENTIAL-CONFLICT' ? undefined : next;
}

function lose(machine: Machine, reason: string, context: MachineContext, now: Seconds): Step {
  // A primary that is dhcpd and waits in CONFLICT-DONE would end itself if it heard COMMUNICATIONS-INTERRUPTED
  const waits = context.role === 'secondary' && machine.partnerState === 'CONFLICT-DONE' && machine.state === 'NORMAL';
  if (machine.starting) return { machine };
  // As before it heard the partner, with its own addresses alone; it asks again when they meet
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

/** Two servers that meet for the first time are both in a recovery; a partner that is not has been one of this pair before. */
function hasPast({ partnerState }: Machine, context: MachineContext): boolean {
  return !RECOVERING.has(partnerState) || context.hasPast();
}

function onTick(machine: Machine, context: MachineContext, now: Seconds): Step {
  if (machine.starting) return { machine };
  if (machine.state === 'RECOVER-WAIT' && now > machine.lostAt + context.mclt) {
    return moveTo(machine, 'RECOVER-DONE', now, 'MCLT has passed');
  }
  // While this server was down the partner may have been well
  const alone = Math.max(machine.since, context.started);
  const isDue = context.autoPartnerDown > 0 && now >= alone + context.autoPartnerDown;
  if (machine.state === 'COMMUNICATIONS-INTERRUPTED' && !machine.heard && isDue) {
    return moveTo(machine, 'PARTNER-DOWN', now, `no connection for ${context.autoPartnerDown} s`);
  }
  return { machine };
}

function onCommand(machine: Machine, command: OperatorCommand, context: MachineContext, now: Seconds): Step {
  const reason = 'command of the operator';
  const started = { ...machine, starting: false };
  switch (command) {
    case 'partner-down':
      if (machine.state === 'PARTNER-DOWN') return { machine: started };
      if (context.mclt === 0)
        return { machine, refusal: 'the primary has never told its mclt, without which nothing is safe' };
      if (machine.heard) return { machine, refusal: `the partner is connected, in ${named(machine.partnerState)}` };
      if (!MAY_GO_PARTNER_DOWN.has(machine.state))
        return { machine, refusal: `this server is in ${named(machine.state)}${adviceIn(machine.state)}` };
      // Who was still learning from its partner does not know it all now
      return moveTo(
        { ...started, lostAt: LEARNING.has(machine.state) ? now : machine.lostAt },
        'PARTNER-DOWN',
        now,
        reason,
      );
    case 'shutdown': {
      const refusal = whyNotShutdown(machine, context);
      return refusal === undefined ? moveTo(started, 'SHUTDOWN', now, reason) : { machine, refusal };
    }
    case 'pause':
      if (machine.state !== 'NORMAL')
        return {
          machine,
          refusal: `this server is in ${named(machine.state)}, not in normal: there is no partner to go on meanwhile`,
        };
      // dhcpd would end itself
      if (machine.partnerState === 'CONFLICT-DONE') return { machine, refusal: 'the partner is in conflict-done' };
      return moveTo(started, 'PAUSED', now, reason);
    case 'resume': {
      const next = ON_RESTART[machine.state];
      if (machine.state !== 'PAUSED' && machine.state !== 'SHUTDOWN') {
        return { machine, refusal: `this server is in ${named(machine.state)}, not in paused or shutdown` };
      }
      // What the partner did before it was shut down is not known yet
      if (machine.state === 'PAUSED' && machine.heard && machine.partnerState === 'SHUTDOWN') return ask(started, now);
      return next ? moveTo(started, next, now, reason) : { machine };
    }
  }
}

/** A partner that hears of SHUTDOWN goes on alone, dhcpd at once: it must know by then what this server gave. */
function whyNotShutdown(
  { state, heard, lostAt, partnerState }: Machine,
  { partnerAsks }: MachineContext,
): string | undefined {
  // The partner takes who resumes for one that knows what it gave, and would hold nothing for it
  if (lostAt > 0) return 'this server does not know yet what it and its partner have leased: let it recover';
  if (IN_CONFLICT.has(state))
    return `this server is in ${named(state)}: let it get to normal, or stop it without a shutdown`;
  if (!partnerAsks && !(state === 'NORMAL' && heard))
    return 'a partner that is no Portledger goes on without asking what this server gave: let the pair get to normal, or stop this server without a shutdown';
  // A partner that was shut down itself asks when it resumes
  if (state === 'PARTNER-DOWN' && partnerState !== 'SHUTDOWN')
    return 'the partner does not know what this server gives alone, in partner-down: let the partner recover, or stop this server without a shutdown';
  return undefined;
}

/** As the operator reads states elsewhere. */
function named(state: ServerState | null): string {
  return state?.toLowerCase() ?? 'unknown';
}

function adviceIn(state: ServerState): string {
  return state === 'PAUSED' || state === 'SHUTDOWN' ? ': resume first' : '';
}
