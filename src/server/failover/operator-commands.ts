import type { ServerState } from '../../protocol/failover/codes.js';
import type { OperatorCommand } from './api.js';
import type { Seconds } from './binding.js';
import { type Machine, type MachineContext, moveTo, recoverFirst, type Step } from './machine-state.js';
import { IN_CONFLICT, LEARNING, MAY_GO_PARTNER_DOWN, ON_RESTART } from './states.js';

const REASON = 'command of the operator';

/** Follows an operator's command; `refusal` of the step says why it is not allowed now. */
export function onCommand(machine: Machine, command: OperatorCommand, context: MachineContext, now: Seconds): Step {
  switch (command) {
    case 'partner-down':
      return partnerDown(machine, context, now);
    case 'shutdown':
      return shutdown(machine, context, now);
    case 'pause':
      return pause(machine, now);
    case 'resume':
      return resume(machine, now);
  }
}

function partnerDown(machine: Machine, { mclt }: MachineContext, now: Seconds): Step {
  const { state, lostAt } = machine;
  if (state === 'PARTNER-DOWN') return { machine: started(machine) };
  if (mclt === 0) {
    const refusal = 'the primary has never sent its mclt, and without it this server cannot serve alone safely';
    return { machine, refusal };
  }
  if (machine.heard) return { machine, refusal: `the partner is connected, in ${named(machine.partnerState)}` };
  if (!MAY_GO_PARTNER_DOWN.has(state))
    return { machine, refusal: `this server is in ${named(state)}${adviceIn(state)}` };
  // A server that was still learning from its partner has incomplete state
  const alone = { ...started(machine), lostAt: LEARNING.has(state) ? now : lostAt };
  return moveTo(alone, 'PARTNER-DOWN', now, REASON);
}

function shutdown(machine: Machine, context: MachineContext, now: Seconds): Step {
  const refusal = whyNotShutdown(machine, context);
  return refusal === undefined ? moveTo(started(machine), 'SHUTDOWN', now, REASON) : { machine, refusal };
}

/** A partner that hears of SHUTDOWN serves alone, dhcpd at once. By then it must know all leases of this server. */
function whyNotShutdown(
  { state, heard, lostAt, partnerState }: Machine,
  { partnerAsks }: MachineContext,
): string | undefined {
  // The partner would assume that this server knows its own leases, and not allow for unknown ones
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

function pause(machine: Machine, now: Seconds): Step {
  if (machine.state !== 'NORMAL') {
    const refusal = `this server is in ${named(machine.state)}, not in normal: there is no partner to go on meanwhile`;
    return { machine, refusal };
  }
  // dhcpd would exit
  if (machine.partnerState === 'CONFLICT-DONE') return { machine, refusal: 'the partner is in conflict-done' };
  return moveTo(started(machine), 'PAUSED', now, REASON);
}

function resume(machine: Machine, now: Seconds): Step {
  const { state } = machine;
  if (state !== 'PAUSED' && state !== 'SHUTDOWN')
    return { machine, refusal: `this server is in ${named(state)}, not in paused or shutdown` };
  // This server does not know yet what the partner did before its shutdown
  if (state === 'PAUSED' && machine.heard && machine.partnerState === 'SHUTDOWN')
    return recoverFirst(started(machine), now);
  const next = ON_RESTART[state];
  return next ? moveTo(started(machine), next, now, REASON) : { machine };
}

/** The machine after STARTUP. */
function started(machine: Machine): Machine {
  return { ...machine, starting: false };
}

/** A state as operators see it elsewhere. */
function named(state: ServerState | null): string {
  return state?.toLowerCase() ?? 'unknown';
}

function adviceIn(state: ServerState): string {
  return state === 'PAUSED' || state === 'SHUTDOWN' ? ': resume first' : '';
}
