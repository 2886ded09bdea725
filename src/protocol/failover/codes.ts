/**
 * The numbers of the DHCP failover protocol (draft-ietf-dhc-failover-12) as ISC dhcpd 4.4.3 uses them. Where the two differ, these are
 * dhcpd's.
 */

/** Type octet of a message. */
export const MESSAGE = {
  POOLREQ: 1,
  POOLRESP: 2,
  BNDUPD: 3,
  BNDACK: 4,
  CONNECT: 5,
  CONNECTACK: 6,
  UPDREQALL: 7,
  UPDDONE: 8,
  UPDREQ: 9,
  STATE: 10,
  CONTACT: 11,
  DISCONNECT: 12,
} as const;
export type MessageType = (typeof MESSAGE)[keyof typeof MESSAGE];

/** Binding status of an address. No other value may be sent: dhcpd exits on an unknown one. */
export const BINDING_STATUS = {
  FREE: 1,
  ACTIVE: 2,
  EXPIRED: 3,
  RELEASED: 4,
  ABANDONED: 5,
  RESET: 6,
  BACKUP: 7,
} as const;
export type BindingStatus = keyof typeof BINDING_STATUS;

/** States of a server. STARTUP is never sent: a starting server sends the state that it will enter, and a flag. */
export const SERVER_STATE = {
  STARTUP: 1,
  NORMAL: 2,
  'COMMUNICATIONS-INTERRUPTED': 3,
  'PARTNER-DOWN': 4,
  'POTENTIAL-CONFLICT': 5,
  RECOVER: 6,
  PAUSED: 7,
  SHUTDOWN: 8,
  'RECOVER-DONE': 9,
  'RESOLUTION-INTERRUPTED': 10,
  'CONFLICT-DONE': 11,
  // The draft has no number for this state
  'RECOVER-WAIT': 254,
} as const;
export type ServerState = keyof typeof SERVER_STATE;

/** Reject reasons of updates and connections. */
export const REJECT = {
  NOT_IN_POOL: 1,
  FATAL_CONFLICT: 2,
  MISSING_INFORMATION: 3,
  TIME_MISMATCH: 4,
  INVALID_MCLT: 5,
  UNKNOWN: 6,
  DUPLICATE_CONNECTION: 7,
  INVALID_PARTNER: 8,
  OUTDATED: 15,
  LESS_CRITICAL: 16,
  NO_TRAFFIC: 17,
  BAD_HBA: 18,
  NOT_RESERVED: 19,
} as const;

/** Bit of server-flags: the server is starting. */
export const FLAG_STARTUP = 1;

/** The name of a number in one of the tables above, undefined if it has none. */
export function nameOf<T extends Readonly<Record<string, number>>>(table: T, code: number): keyof T | undefined {
  return Object.keys(table).find((name) => table[name] === code);
}
