import type { MessageDefinition } from './definition.js';

/** Reading the configuration, at the start and on SIGHUP. */
export const CONFIG_MESSAGES = {
  'config-loaded': {
    level: 'info',
    text: 'Configuration {file} is in force',
    help: 'The file was read without a fault. Nothing to do',
  },
  'config-refused': {
    level: 'error',
    text: 'Configuration {file} has faults (faults: {count}), the old configuration stays in force',
    help: 'The file was read again on SIGHUP and is wrong. Each fault follows as `config-fault`. Correct them and send SIGHUP again',
  },
  'config-fault': {
    level: 'error',
    text: '{fault}',
    help: 'One fault of the configuration: its path, what is wrong, and what to write instead',
  },
  'trusted-relays-overlap-pool': {
    level: 'warn',
    text: 'server.trusted-relays covers addresses of pools (pools: {count}, first: {pool}): clients there could forge Option 82',
    help: 'The server believes the Option 82 of every trusted address. List only the addresses of relays, and keep them out of the pools',
  },
} as const satisfies Record<string, MessageDefinition>;
