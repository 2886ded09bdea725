import { toText } from '../base/text.js';
import { formatIpv4 } from '../net/ipv4.js';
import type { SwitchSettings } from '../trail/settings.js';
import type { SwitchValues } from './keys.js';

const IDS = ['remote-id', 'relay-id', 'giaddr'] as const;
const ID_HINT = `write one of ${IDS.join(', ')}`;

/** Reads the switches. Faulty ones are left out. */
export function readSwitches(written: readonly SwitchValues[]): SwitchSettings[] {
  const seen = new Map<string, string>();
  return written.flatMap((values) => {
    const id = readId(values);
    if (!id) return [];
    const { name, profile, at } = values;
    if (!values.written.has('name') && !values.written.has('profile')) {
      at.fault('the switch has neither name nor profile', undefined, 'add one of the two, or remove the entry');
    }
    const key = `${id.by} ${id.value.toString('hex')}`;
    const before = seen.get(key);
    if (before) at.key(id.by).fault(`is the switch of ${before} already`, id.shown, 'remove one of the two');
    else seen.set(key, at.path);
    const config = { id: { by: id.by, value: id.value } };
    return [{ ...config, ...(name === undefined ? {} : { name }), ...(profile === undefined ? {} : { profile }) }];
  });
}

function readId(values: SwitchValues): (SwitchSettings['id'] & { shown: string }) | undefined {
  const present = IDS.filter((id) => values.written.has(id));
  const [by] = present;
  if (present.length !== 1 || by === undefined) {
    const problem = by === undefined ? 'the switch has no id' : `the switch has ${present.join(' and ')}`;
    return values.at.fault(problem, undefined, ID_HINT);
  }
  const written = values[by];
  if (written === undefined) return undefined;
  if (typeof written !== 'number') return { by, value: written, shown: toText(written) };
  const shown = formatIpv4(written);
  return { by, value: Buffer.from(shown), shown };
}
