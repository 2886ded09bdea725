import type { MessageDefinition } from './definition.js';

/** Sockets and interfaces. */
export const NET_MESSAGES = {
  'net-fault': {
    level: 'warn',
    text: 'Network fault: {operation} failed with {code}',
    help: 'A reply could not be sent, or a socket reported an error. The server goes on. EHOSTUNREACH and ENETUNREACH mean that there is no route to the relay or client',
  },
  'direct-clients-unavailable': {
    level: 'warn',
    text: 'Only relayed clients are served on {address}: {reason}',
    help: 'Directly attached clients need Linux and CAP_NET_RAW. Nothing to do if all clients come through relays',
  },
  'link-replies-unavailable': {
    level: 'warn',
    text: 'Replies to clients without an address are broadcast on {address}: {reason}',
    help: 'Clients understand this as well, but their neighbours hear it too. CAP_NET_RAW ends it',
  },
} as const satisfies Record<string, MessageDefinition>;
