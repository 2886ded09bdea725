import type { MessageDefinition } from './definition.js';

/** The queue, checkpoints and keys. */
export const QUEUE_MESSAGES = {
  'queue-lost': {
    level: 'warn',
    text: 'Queue {file} is new, but {found} of an earlier queue is there: its leases and events are missing here',
    help: 'The file was removed, or queue.file names another path. Clients may have addresses that this server gives to others, and events that were not shipped are missing. If the old file still exists, stop the server and put it back. Nothing to do if you put the key there before the first start',
  },
  'queue-write-failed': {
    level: 'error',
    text: '{error}',
    help: 'Leases and events cannot be stored, mostly because the disk is full. By queue.on-failure the server does not answer (refuse), or answers and records a gap (serve). Policy `stop` means that the stop itself could not be recorded',
  },
  'queue-recovered': {
    level: 'warn',
    text: 'The queue can be written again: {refused} requests were refused, {answered} answered without a record',
    help: 'The span is recorded as an event and a gap',
  },
  'key-made': {
    level: 'warn',
    text: 'Made key {key} in {file}: copy {public} to where nobody who can change the trail can change it',
    help: 'The key signs the checkpoints of this server. Whoever has the public key can verify the trail without trusting its administrator. If the server had a key before, that file was lost, and nothing connects this key with the lost one: check queue.key-file',
  },
  'checkpoint-made': {
    level: 'debug',
    text: 'Signed event {sequence} with key {key}',
    help: 'From now on only the owner of the key could change this event or an earlier one of this queue unnoticed',
  },
  'checkpoint-failed': {
    level: 'error',
    text: 'A checkpoint could not be signed: {error}',
    help: 'Events are recorded and shipped, but not signed. Look at the disk of the queue. The server tries again every second',
  },
  'key-rotated': {
    level: 'warn',
    text: 'Key {key} signs from now on, certified by {by}',
    help: 'Nothing to do: whoever trusts the old public key can trust the new one',
  },
  'housekeeping-failed': {
    level: 'error',
    text: 'A task of the server failed and will be tried again: {error}',
    help: 'Mostly a full disk: shipped events cannot be deleted',
  },
} as const satisfies Record<string, MessageDefinition>;
