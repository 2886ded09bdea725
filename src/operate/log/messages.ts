import { CONFIG_MESSAGES } from './messages/config.js';
import { FAILOVER_MESSAGES } from './messages/failover.js';
import { LOG_MESSAGES } from './messages/log.js';
import { NET_MESSAGES } from './messages/net.js';
import { QUEUE_MESSAGES } from './messages/queue.js';
import { SERVER_MESSAGES } from './messages/server.js';
import { SHIP_MESSAGES } from './messages/ship.js';
import { TRAIL_MESSAGES } from './messages/trail.js';

export { LEVELS, type Level, type MessageDefinition } from './messages/definition.js';

/** What docs/messages.md has a section for, in its order. */
export const MESSAGE_GROUPS = [
  { title: 'Reading the configuration, at the start and on SIGHUP', messages: CONFIG_MESSAGES },
  { title: 'The log itself', messages: LOG_MESSAGES },
  { title: 'The DHCP server', messages: SERVER_MESSAGES },
  { title: 'The failover pair', messages: FAILOVER_MESSAGES },
  { title: 'The queue, checkpoints and keys', messages: QUEUE_MESSAGES },
  { title: 'Sockets and interfaces', messages: NET_MESSAGES },
  { title: 'The trail', messages: TRAIL_MESSAGES },
  { title: 'The shipper', messages: SHIP_MESSAGES },
] as const;

/**
 * Every message of the log by its id. An id is kebab-case and never changes its meaning, because people filter and alarm on it.
 * To add a message, write it into the file of its part in `messages/`.
 */
export const MESSAGES = {
  ...CONFIG_MESSAGES,
  ...LOG_MESSAGES,
  ...SERVER_MESSAGES,
  ...FAILOVER_MESSAGES,
  ...QUEUE_MESSAGES,
  ...NET_MESSAGES,
  ...TRAIL_MESSAGES,
  ...SHIP_MESSAGES,
};

export type MessageId = keyof typeof MESSAGES;
