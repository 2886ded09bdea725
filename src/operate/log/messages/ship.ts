import type { MessageDefinition } from './definition.js';

/** The shipper. */
export const SHIP_MESSAGES = {
  'ship-waiting': {
    level: 'info',
    text: 'Queue {file} does not exist yet, waiting for the server to make it',
    help: 'The shipper goes on once the server has started. If the server runs, compare queue.file of both',
  },
  'ship-started': {
    level: 'info',
    text: 'Events of {server} are shipped to {trail}',
    help: 'Queue and trail are open and belong together',
  },
  'ship-trail-away': {
    level: 'warn',
    text: 'Trail cannot be written, next attempt in {seconds} s: {error}',
    help: 'The events stay in the queue and the server goes on. Look at the database. The shipper goes on when it is back',
  },
  'ship-trail-back': {
    level: 'info',
    text: 'Trail {trail} can be written again',
    help: 'Shipping goes on after ship-trail-away. Nothing to do',
  },
  'ship-batch': {
    level: 'debug',
    text: 'Event {sequence} and all before it are in the trail',
    help: 'One transaction of the shipper. `known` is the number of events that were in the trail before',
  },
  'ship-event-quarantined': {
    level: 'error',
    text: 'Trail rejects event {sequence} ({kind}, {address}) for good, it is set aside: {reason}',
    help: 'The event stays in the chain, in table quarantined, and a gap names it. All others are shipped. Look at the reason: a trigger or a changed column of the trail, or a value that fits no column',
  },
  'ship-progress': {
    level: 'info',
    text: '{left} events are left to ship, {rate} are shipped per second',
    help: 'The shipper works on a backlog, for example after an outage of the trail',
  },
  'ship-caught-up': {
    level: 'info',
    text: 'The backlog is shipped (events: {events})',
    help: 'The trail is up to date again',
  },
  'ship-stopped': {
    level: 'info',
    text: 'Shipper ends (events shipped: {events})',
    help: 'Somebody stopped it, or ship --once found nothing more to ship',
  },
  'ship-cut-off': {
    level: 'warn',
    text: 'Trail did not answer within {seconds} s of the stop, shipper ends without it',
    help: 'The trail rolls back what was under way, and the queue still has it: nothing is lost. Look at the database',
  },
} as const satisfies Record<string, MessageDefinition>;
