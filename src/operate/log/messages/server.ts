import type { MessageDefinition } from './definition.js';

/** The DHCP server. */
export const SERVER_MESSAGES = {
  'server-ready': {
    level: 'info',
    text: 'Server {name} serves {subnets} subnets on {listen}',
    help: 'All sockets are open and the queue can be written. The server answers requests from now on',
  },
  'server-stopped': {
    level: 'info',
    text: 'Server {name} has stopped',
    help: 'Somebody asked for the stop, and it is recorded as an event. The fields are the counts since the start',
  },
  'unclean-end-found': {
    level: 'warn',
    text: 'The server did not stop cleanly last time: no evidence for {seconds} s since {from}',
    help: 'It crashed, was killed, or the machine lost power. No acknowledged lease is lost. The span is recorded as a gap',
  },
  'server-statistics': {
    level: 'info',
    text: 'Counts since the start',
    help: 'Requests, replies, and unanswered requests by reason. Logged once a minute if a count changed',
  },
  'request-received': {
    level: 'debug',
    text: 'From {source}: {message}',
    help: 'A request as it was read, with all its options. There is no rate limit: use it to see what relays and clients send, not on a busy server',
  },
  'request-dropped': {
    level: 'warn',
    text: 'Request from {source} got no answer: {reason}',
    help: 'Each reason is also a count; docs/troubleshooting.md explains them. Logged at most once in 10 seconds; `suppressed` is the number of further requests',
  },
  'request-left': {
    level: 'debug',
    text: 'Request from {source} is left to the partner: {reason}',
    help: 'Normal in a failover pair, whose servers share the clients. Counted under its reason. Logged at most once in 10 seconds',
  },
  'request-failed': {
    level: 'error',
    text: 'Request from {source} could not be handled: {error}',
    help: 'A bug in Portledger. This request got no answer and left no record; all others go on. Please report it',
  },
  'batch-failed': {
    level: 'error',
    text: '{requests} requests could not be handled: {error}',
    help: 'A bug in Portledger. These requests got no answer and left no record. Please report it',
  },
  'pool-usage': {
    level: 'warn',
    text: 'Pool {pool} of {network} is {percent} % used ({used} of {size}), above {threshold} %',
    help: 'Logged once when usage crosses 80, 90 and 100 %. Leased, offered and declined addresses count as used. Enlarge the pool or shorten the lease time',
  },
  'port-lease-limit': {
    level: 'warn',
    text: 'Port {port} of switch {switch} has its {limit} leases: client {client} gets none',
    help: 'The limit is `server.max-leases-per-port`. Either somebody at this port exhausts addresses, or the port has more devices than the limit allows. A device that left counts until its lease ends. Logged at most once in 10 seconds; `suppressed` is the number of further requests',
  },
  'clock-stepped': {
    level: 'warn',
    text: 'The clock of this machine stepped by {seconds} s',
    help: 'Recorded as a gap. After a step back, events keep the last time until the clock has caught up. Let NTP slew the clock',
  },
  'reload-refused': {
    level: 'error',
    text: 'The new configuration cannot be put in force: {error}',
    help: 'The old one stays in force. Correct the cause and send SIGHUP again, or restart the server',
  },
} as const satisfies Record<string, MessageDefinition>;
