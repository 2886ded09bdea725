import { resolve } from 'node:path';
import { MICROS_PER_SECOND } from '../base/time.js';
import type { QueueSettings } from '../server/settings.js';
import type { QueueValues } from './keys.js';

/** The local queue and the key beside it. Paths are from `folder`. */
export function readQueue(values: QueueValues, folder: string): QueueSettings {
  const file = resolve(folder, values.file);
  const keyFile = values['key-file'];
  return {
    file,
    onFailure: values['on-failure'],
    keyFile: keyFile === undefined ? `${file}.key` : resolve(folder, keyFile),
    checkpointEvents: values['checkpoint-events'],
    checkpointInterval: values['checkpoint-interval'] * MICROS_PER_SECOND,
  };
}
