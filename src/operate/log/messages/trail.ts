import type { MessageDefinition } from './definition.js';

/** The trail. */
export const TRAIL_MESSAGES = {
  'trail-migrated': {
    level: 'info',
    text: 'Trail {trail} was brought to the newest schema: {migrations}',
    help: 'Tables or views were made or changed. Nothing to do',
  },
  'trail-renamed': {
    level: 'info',
    text: 'Switches and ports in trail {trail} have new names',
    help: 'The configuration names or decodes switches in another way than before. The raw identifiers did not change',
  },
} as const satisfies Record<string, MessageDefinition>;
