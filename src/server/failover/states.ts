import type { ServerState } from '../../protocol/failover/codes.js';

/**
 * The state transitions of a server; compare section 9 of draft-ietf-dhc-failover-12. They follow dhcpd where the partner may be one.
 * Where dhcpd would shut itself down or exit, they lead to NORMAL instead.
 */

/** State of the partner -> next own state. Without an entry the state stays. */
export type Reactions = Partial<Record<ServerState, ServerState>>;

/** Own state -> state of the partner -> next own state. */
export const ON_PARTNER_STATE: Readonly<Record<ServerState, Reactions>> = {
  // Not used: a starting server looks up the state that it will enter
  STARTUP: {},
  NORMAL: {
    RECOVER: 'PARTNER-DOWN',
    SHUTDOWN: 'PARTNER-DOWN',
    PAUSED: 'COMMUNICATIONS-INTERRUPTED',
    'PARTNER-DOWN': 'POTENTIAL-CONFLICT',
    'POTENTIAL-CONFLICT': 'POTENTIAL-CONFLICT',
    'RESOLUTION-INTERRUPTED': 'POTENTIAL-CONFLICT',
    // No entry for CONFLICT-DONE: the primary waits to hear that this secondary is NORMAL
  },
  'COMMUNICATIONS-INTERRUPTED': {
    NORMAL: 'NORMAL',
    'COMMUNICATIONS-INTERRUPTED': 'NORMAL',
    'RECOVER-DONE': 'NORMAL',
    RECOVER: 'PARTNER-DOWN',
    'RECOVER-WAIT': 'PARTNER-DOWN',
    SHUTDOWN: 'PARTNER-DOWN',
    'PARTNER-DOWN': 'POTENTIAL-CONFLICT',
    'POTENTIAL-CONFLICT': 'POTENTIAL-CONFLICT',
    'RESOLUTION-INTERRUPTED': 'POTENTIAL-CONFLICT',
    'CONFLICT-DONE': 'POTENTIAL-CONFLICT',
  },
  // A partner that is starting may still change its state, see `step`
  'PARTNER-DOWN': {
    'RECOVER-DONE': 'NORMAL',
    NORMAL: 'POTENTIAL-CONFLICT',
    'COMMUNICATIONS-INTERRUPTED': 'POTENTIAL-CONFLICT',
    'PARTNER-DOWN': 'POTENTIAL-CONFLICT',
    'POTENTIAL-CONFLICT': 'POTENTIAL-CONFLICT',
    'RESOLUTION-INTERRUPTED': 'POTENTIAL-CONFLICT',
    'CONFLICT-DONE': 'POTENTIAL-CONFLICT',
  },
  // In any other state the partner is asked for all it knows
  RECOVER: {
    // No entry for SHUTDOWN: the partner must first send what it did while it served alone
    'POTENTIAL-CONFLICT': 'POTENTIAL-CONFLICT',
    'RESOLUTION-INTERRUPTED': 'POTENTIAL-CONFLICT',
    'CONFLICT-DONE': 'POTENTIAL-CONFLICT',
  },
  // Ends only by time
  'RECOVER-WAIT': {},
  'RECOVER-DONE': {
    NORMAL: 'NORMAL',
    'RECOVER-DONE': 'NORMAL',
    SHUTDOWN: 'PARTNER-DOWN',
    'POTENTIAL-CONFLICT': 'POTENTIAL-CONFLICT',
    'RESOLUTION-INTERRUPTED': 'POTENTIAL-CONFLICT',
    'CONFLICT-DONE': 'POTENTIAL-CONFLICT',
  },
  'POTENTIAL-CONFLICT': {
    RECOVER: 'PARTNER-DOWN',
    SHUTDOWN: 'PARTNER-DOWN',
  },
  'RESOLUTION-INTERRUPTED': {
    NORMAL: 'POTENTIAL-CONFLICT',
    'COMMUNICATIONS-INTERRUPTED': 'POTENTIAL-CONFLICT',
    'PARTNER-DOWN': 'POTENTIAL-CONFLICT',
    'POTENTIAL-CONFLICT': 'POTENTIAL-CONFLICT',
    'RESOLUTION-INTERRUPTED': 'POTENTIAL-CONFLICT',
    'CONFLICT-DONE': 'POTENTIAL-CONFLICT',
    'RECOVER-WAIT': 'POTENTIAL-CONFLICT',
    'RECOVER-DONE': 'POTENTIAL-CONFLICT',
    RECOVER: 'PARTNER-DOWN',
    SHUTDOWN: 'PARTNER-DOWN',
  },
  // Only at the primary
  'CONFLICT-DONE': {
    NORMAL: 'NORMAL',
    'COMMUNICATIONS-INTERRUPTED': 'POTENTIAL-CONFLICT',
    'PARTNER-DOWN': 'POTENTIAL-CONFLICT',
    'RECOVER-WAIT': 'POTENTIAL-CONFLICT',
    'RECOVER-DONE': 'POTENTIAL-CONFLICT',
    'CONFLICT-DONE': 'POTENTIAL-CONFLICT',
    RECOVER: 'PARTNER-DOWN',
    SHUTDOWN: 'PARTNER-DOWN',
  },
  PAUSED: {},
  SHUTDOWN: {},
};

/** State -> state after the connection is lost. Without an entry the state stays. */
export const ON_LINK_LOST: Reactions = {
  NORMAL: 'COMMUNICATIONS-INTERRUPTED',
  'POTENTIAL-CONFLICT': 'RESOLUTION-INTERRUPTED',
  // The partner serves alone without contact, so it must be asked again for all it did
  'RECOVER-WAIT': 'RECOVER',
  'RECOVER-DONE': 'RECOVER',
};

/** Stored state -> state after a restart. Without an entry the state stays. */
export const ON_RESTART: Reactions = {
  SHUTDOWN: 'RECOVER',
  PAUSED: 'COMMUNICATIONS-INTERRUPTED',
  'POTENTIAL-CONFLICT': 'RESOLUTION-INTERRUPTED',
  'RECOVER-WAIT': 'RECOVER',
  'RECOVER-DONE': 'RECOVER',
};

/** State of a starting server -> its next one if the partner is in PARTNER-DOWN. The partner served alone, so it is asked for all it did. */
export const ON_PARTNER_DOWN_AT_START: Reactions = {
  NORMAL: 'RECOVER',
  'COMMUNICATIONS-INTERRUPTED': 'RECOVER',
};

/**
 * States in which a server that first learns of its partner's SHUTDOWN asks it for all it did, and only then serves alone. Without a
 * connection the partner may have given addresses that this server considers free.
 */
export const RECOVERS_AFTER_SHUTDOWN: ReadonlySet<ServerState> = new Set([
  'NORMAL',
  'COMMUNICATIONS-INTERRUPTED',
  'PARTNER-DOWN',
  'RESOLUTION-INTERRUPTED',
  'CONFLICT-DONE',
]);

/** States in which the servers still have to exchange what they did. A server that shut down now would withhold its part. */
export const IN_CONFLICT: ReadonlySet<ServerState> = new Set([
  'POTENTIAL-CONFLICT',
  'RESOLUTION-INTERRUPTED',
  'CONFLICT-DONE',
]);

/** States in which a server does not yet know all that its partner knows. */
export const LEARNING: ReadonlySet<ServerState> = new Set(['RECOVER', 'RECOVER-WAIT', 'POTENTIAL-CONFLICT']);

/** States in which a server gets back what it missed or lost. */
export const RECOVERING: ReadonlySet<ServerState | null> = new Set<ServerState>([
  'RECOVER',
  'RECOVER-WAIT',
  'RECOVER-DONE',
]);

/** A server in one of these states, or restarting from it, has not served since it entered the state. */
export const RESTING: ReadonlySet<ServerState> = new Set(['RECOVER', 'RECOVER-WAIT', 'RECOVER-DONE', 'SHUTDOWN']);

/** States in which clients are answered. */
export const ANSWERING: ReadonlySet<ServerState> = new Set([
  'NORMAL',
  'COMMUNICATIONS-INTERRUPTED',
  'PARTNER-DOWN',
  'RESOLUTION-INTERRUPTED',
]);

/** States in which leases whose time is over are ended; in NORMAL by the primary only. */
export const EXPIRING: ReadonlySet<ServerState> = new Set(['NORMAL', 'COMMUNICATIONS-INTERRUPTED', 'PARTNER-DOWN']);

/** States in which the operator may declare the partner down, while there is no connection. */
export const MAY_GO_PARTNER_DOWN: ReadonlySet<ServerState> = new Set([
  'NORMAL',
  'COMMUNICATIONS-INTERRUPTED',
  'RESOLUTION-INTERRUPTED',
  'RECOVER',
  'RECOVER-WAIT',
  'RECOVER-DONE',
  'CONFLICT-DONE',
]);
