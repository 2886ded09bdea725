import { resolve } from 'node:path';
import { MICROS_PER_SECOND } from '../base/time.js';
import type { QueueSettings } from '../server/settings.js';
import type { QueueValues } from './keys.js';

const DEFAULT_FILE = './data/portledger.queue';
const DEFAULT_CHECKPOINT_EVENTS = 10_000;
/** Seconds. */
const DEFAULT_CHECKPOINT_INTERVAL = 600;

/** The local queue and the key beside it. Paths are from `folder`. */
export function readQueue(values: QueueValues | undefined, folder: string): QueueSettings {
  const file = resolve(folder, values?.file ?? DEFAULT_FILE);
  const keyFile = values?.['key-file'];
  return {
    file,
    onFailure: values?.['on-failure'] ?? 'refuse',
    keyFile: keyFile === undefined ? `${file}.key` : resolve(folder, keyFile),
    checkpointEvents: values?.['checkpoint-events'] ?? DEFAULT_CHECKPOINT_EVENTS,
    checkpointInterval: (values?.['checkpoint-interval'] ?? DEFAULT_CHECKPOINT_INTERVAL) * MICROS_PER_SECOND,
  };
}
