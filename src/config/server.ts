import { MICROS_PER_SECOND } from '../base/time.js';
import { formatIpv4 } from '../net/ipv4.js';
import type { ListenSettings, ServerSettings } from '../server/settings.js';
import type { SwitchSettings } from '../trail/settings.js';
import { Relationships } from './failover.js';
import { readRegistry } from './options.js';
import { readServerScope, scoped } from './scope.js';
import type { ListenValues, ServerValues } from './server-keys.js';
import { readSubnets } from './subnets.js';

/** Reads the server section. With faults it returns what could be read. */
export function readServer(values: ServerValues, switches: readonly SwitchSettings[]): ServerSettings {
  const registry = readRegistry(values['option-definitions'] ?? []);
  const server = readServerScope(values, registry);
  const { authoritative } = values;
  checkNotEmpty(values);
  if (values.written.has('group') && !values.written.has('user')) {
    values.at.key('group').fault('has no user beside it', values.group, 'add server.user');
  }
  const listen = readListen(values.listen ?? []);
  const relationships = new Relationships(values.failover ?? [], listen);
  const subnets = readSubnets(values.subnets ?? [], { server, authoritative, registry, switches, relationships });
  relationships.checkUse();
  return {
    name: values.name ?? '',
    listen,
    trustedRelays: values['trusted-relays'] ?? [],
    authoritative,
    offerTime: values['offer-time'] * MICROS_PER_SECOND,
    declineTime: values['decline-time'] * MICROS_PER_SECOND,
    ...(values.user === undefined ? {} : { user: values.user }),
    ...(values.group === undefined ? {} : { group: values.group }),
    ...(values['max-leases-per-port'] === undefined ? {} : { maxLeasesPerPort: values['max-leases-per-port'] }),
    failover: relationships.list,
    subnets,
    registry,
    ...scoped(server),
  };
}

function checkNotEmpty(values: ServerValues): void {
  if (values.listen?.length === 0 && !values.at.hasFaultWithin('listen')) {
    values.at.key('listen').fault('names nothing to listen on', [], 'add one, as { address: 198.18.0.1 }');
  }
  if (values.subnets?.length === 0 && !values.at.hasFaultWithin('subnets')) {
    values.at.key('subnets').fault('names no subnet to serve', [], 'add one, as { subnet: 198.18.0.0/16 }');
  }
}

function readListen(written: readonly ListenValues[]): ListenSettings[] {
  const seen = new Map<string, string>();
  return written.map((values) => {
    const { address, interface: name, port, at } = values;
    if (!values.written.has('address') && !values.written.has('interface')) {
      at.fault(
        'the entry says neither address nor interface',
        undefined,
        'add one of the two, as { address: 198.18.0.1 }',
      );
    }
    const key = [address === undefined ? [] : formatIpv4(address), name ?? [], port].flat().join(' ');
    const before = seen.get(key);
    if (before) at.fault(`is already listened on by ${before}`, key, 'remove one of the two');
    seen.set(key, at.path);
    const clientPort = values['client-port'] ?? port + 1;
    if (clientPort > 65_535) at.key('port').fault('leaves no port above it for clients', port, 'add client-port');
    return {
      ...(address === undefined ? {} : { address }),
      ...(name === undefined ? {} : { interface: name }),
      port,
      snooping: values.snooping,
      relayPort: values['relay-port'] ?? port,
      clientPort,
    };
  });
}
