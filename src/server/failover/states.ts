import type { ServerState } from '../../protocol/failover/codes.js';

/**
 * The legal moves of a server, to be held against section 9 of the draft. The rows follow dhcpd where the partner could be one; where
 * dhcpd would shut itself down or exit, the move is one that ends in NORMAL instead.
 */

/** What a server does about a state of its partner: move there, or nothing if there is no entry. */
export type Reactions = Partial<Record<ServerState, ServerState>>;

/** Own state -> state told by the partner -> own state. */
export const ON_PARTNER_STATE: Readonly<Record<ServerState, Reactions>> = {
  // Never asked: a starting server looks up the state it takes up
  STARTUP: {},
  NORMAL: {
    RECOVER: 'PARTNER-DOWN',
    SHUTDOWN: 'PARTNER-DOWN',
    PAUSED: 'COMMUNICATIONS-INTERRUPTED',
    'PARTNER-DOWN': 'POTENTIAL-CONFLICT',
    'POTENTIAL-CONFLICT': 'POTENTIAL-CONFLICT',
    'RESOLUTION-INTERRUPTED': 'POTENTIAL-CONFLICT',
    // CONFLICT-DONE: a primary that waits to hear that this secondary is NORMAL
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
  // A partner that is starting may still change its mind, see `step`
  'PARTNER-DOWN': {
    'RECOVER-DONE': 'NORMAL',
    NORMAL: 'POTENTIAL-CONFLICT',
    'COMMUNICATIONS-INTERRUPTED': 'POTENTIAL-CONFLICT',
    'PARTNER-DOWN': 'POTENTIAL-CONFLICT',
    'POTENTIAL-CONFLICT': 'POTENTIAL-CONFLICT',
    'RESOLUTION-INTERRUPTED': 'POTENTIAL-CONFLICT',
    'CONFLICT-DONE': 'POTENTIAL-CONFLICT',
  },
  // Whatever the partner is in, it is asked for all it knows
  RECOVER: {
    // SHUTDOWN: not before it has told what it did while it served alone
    'POTENTIAL-CONFLICT': 'POTENTIAL-CONFLICT',
    'RESOLUTION-INTERRUPTED': 'POTENTIAL-CONFLICT',
    'CONFLICT-DONE': 'POTENTIAL-CONFLICT',
  },
  // Only its time ends it
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
  // The primary's alone
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

/** Where the loss of the connection leads; states without an entry stay. */
export const ON_LINK_LOST: Reactions = {
  NORMAL: 'COMMUNICATIONS-INTERRUPTED',
  'POTENTIAL-CONFLICT': 'RESOLUTION-INTERRUPTED',
  // Out of contact the partner goes on alone, so that it has to be asked again for all it did
  'RECOVER-WAIT': 'RECOVER',
  'RECOVER-DONE': 'RECOVER',
};

/** The state that a server takes up after a restart, by the one that it had. */
export const ON_RESTART: Reactions = {
  SHUTDOWN: 'RECOVER',
  PAUSED: 'COMMUNICATIONS-INTERRUPTED',
  'POTENTIAL-CONFLICT': 'RESOLUTION-INTERRUPTED',
  'RECOVER-WAIT': 'RECOVER',
  'RECOVER-DONE': 'RECOVER',
};

/** What a starting server becomes if its partner is found in PARTNER-DOWN: that one served alone, so it is asked for all it did. */
export const ON_PARTNER_DOWN_AT_START: Reactions = {
  NORMAL: 'RECOVER',
  'COMMUNICATIONS-INTERRUPTED': 'RECOVER',
};

/**
 * Where a server that hears for the first time of its partner's SHUTDOWN asks it for all that it did before it goes on alone. While there was no
 * connection, the partner may have given what was this server's, or what this server was about to take over.
 */
export const ASKS_WHO_SHUT_DOWN: ReadonlySet<ServerState> = new Set([
  'NORMAL',
  'COMMUNICATIONS-INTERRUPTED',
  'PARTNER-DOWN',
  'RESOLUTION-INTERRUPTED',
  'CONFLICT-DONE',
]);

/** Where both have yet to tell each other what they did: who shuts down now would leave the other without it. */
export const IN_CONFLICT: ReadonlySet<ServerState> = new Set([
  'POTENTIAL-CONFLICT',
  'RESOLUTION-INTERRUPTED',
  'CONFLICT-DONE',
]);

/** In which a server does not know yet all that its partner has to tell. */
export const LEARNING: ReadonlySet<ServerState> = new Set(['RECOVER', 'RECOVER-WAIT', 'POTENTIAL-CONFLICT']);

/** In which a server gets back what it missed, or lost. */
export const RECOVERING: ReadonlySet<ServerState | null> = new Set<ServerState>([
  'RECOVER',
  'RECOVER-WAIT',
  'RECOVER-DONE',
]);

/** A server that is in one of these, or restarts from it, has not served since it came to it. */
export const RESTING: ReadonlySet<ServerState> = new Set(['RECOVER', 'RECOVER-WAIT', 'RECOVER-DONE', 'SHUTDOWN']);

/** States in which clients are answered. */
export const ANSWERING: ReadonlySet<ServerState> = new Set([
  'NORMAL',
  'COMMUNICATIONS-INTERRUPTED',
  'PARTNER-DOWN',
  'RESOLUTION-INTERRUPTED',
]);

/** States in which the end of leases is seen to; in NORMAL by the primary alone. */
export const EXPIRING: ReadonlySet<ServerState> = new Set(['NORMAL', 'COMMUNICATIONS-INTERRUPTED', 'PARTNER-DOWN']);

/** Where the operator may say that the partner is down, while there is no connection. */
export const MAY_GO_PARTNER_DOWN: ReadonlySet<ServerState> = new Set([
  'NORMAL',
  'COMMUNICATIONS-INTERRUPTED',
  'RESOLUTION-INTERRUPTED',
  'RECOVER',
  'RECOVER-WAIT',
  'RECOVER-DONE',
  'CONFLICT-DONE',
]);
