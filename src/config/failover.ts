import { formatIpv4, type Ipv4 } from '../net/ipv4.js';
import type { ListenSettings, RelationshipSettings } from '../server/settings.js';
import { type AddressRange, formatRange } from './addresses.js';
import type { FailoverValues } from './failover-keys.js';
import { suggestion } from './schema.js';
import type { PoolValues, ReservationValues } from './server-keys.js';
import type { YamlPath } from './yaml-path.js';

/** Only the primary has these keys; the protocol sends them to the secondary. */
const PRIMARY_KEYS = ['mclt', 'split', 'hba'] as const;

interface SharedPool extends AddressRange {
  readonly at: YamlPath;
  readonly failover?: string;
}

/** The relationships of `failover`, and checks of the pools and reservations that refer to them. */
export class Relationships {
  readonly list: readonly RelationshipSettings[];
  readonly #written: readonly FailoverValues[];
  /** Addresses of the two servers. No shared pool may contain them. */
  readonly #servers: ReadonlyMap<Ipv4, string>;
  readonly #used = new Set<string>();

  constructor(written: readonly FailoverValues[], listen: readonly ListenSettings[]) {
    this.#written = written;
    this.list = written.map(readRelationship);
    checkDoubles(written, 'name', (value) => value, 'give each relationship a name of its own');
    checkDoubles(
      written,
      'peer-address',
      formatIpv4,
      'have one relationship with each partner, with all pools that it shares',
    );
    this.#servers = new Map([
      ...listen.flatMap(({ address }) =>
        address === undefined ? [] : [[address, 'an address of this server'] as const],
      ),
      ...this.list.map(({ address }) => [address, 'an address of this server'] as const),
      ...this.list.map(({ peerAddress }) => [peerAddress, 'the address of the partner'] as const),
    ]);
  }

  /** The relationship that a pool names; undefined if it names none. An unknown name is a fault. */
  of({ failover, at }: PoolValues): string | undefined {
    if (failover === undefined) return undefined;
    this.#used.add(failover);
    const names = this.#written.flatMap(({ name }) => name ?? []);
    if (names.includes(failover)) return failover;
    const hint = names.length > 0 ? suggestion(failover, names) : 'add server.failover with this name';
    return at.key('failover').fault('is not the name of a relationship in server.failover', failover, hint);
  }

  /** Reports addresses that a shared pool must not contain: reserved ones, and those of the two servers. */
  checkReservations(pools: readonly SharedPool[], reservations: readonly ReservationValues[]): void {
    for (const pool of pools.filter(({ failover }) => failover !== undefined)) {
      for (const { address, at } of reservations) {
        if (address === undefined || !contains(pool, address)) continue;
        const problem = `lies in pool ${formatRange(pool)}, which ${pool.failover} shares`;
        at.key('address').fault(
          problem,
          formatIpv4(address),
          'reserve an address outside of it, or leave it out of the pool',
        );
      }
      for (const [address, whose] of this.#servers) {
        if (!contains(pool, address)) continue;
        const problem = `has ${formatIpv4(address)} in it, ${whose}`;
        pool.at.fault(problem, formatRange(pool), 'leave the addresses of both servers out of shared pools');
      }
    }
  }

  /** Reports relationships that no pool names. */
  checkUse(): void {
    for (const { name, at } of this.#written) {
      if (name === undefined || this.#used.has(name)) continue;
      at.key('name').fault('has no pool', name, `write "failover: ${name}" into the pools that it shares`);
    }
  }
}

function readRelationship(values: FailoverValues): RelationshipSettings {
  checkBalance(values);
  checkAddresses(values);
  const primary = readPrimary(values);
  const { 'auto-partner-down': autoPartnerDown } = values;
  return {
    name: values.name ?? '',
    role: values.role ?? 'primary',
    address: values.address ?? 0,
    port: values.port,
    peerAddress: values['peer-address'] ?? 0,
    peerPort: values['peer-port'],
    ...(primary ? { primary } : {}),
    loadBalanceMaxSeconds: values['load-balance-max-seconds'],
    maxResponseDelay: values['max-response-delay'],
    maxUnackedUpdates: values['max-unacked-updates'],
    ...(autoPartnerDown === undefined ? {} : { autoPartnerDown }),
    maxLeaseMisbalance: values['max-lease-misbalance'],
    maxLeaseOwnership: values['max-lease-ownership'],
    minBalance: values['min-balance'],
    maxBalance: values['max-balance'],
  };
}

/** The keys that the primary must have and the secondary must not. */
function readPrimary(values: FailoverValues): RelationshipSettings['primary'] {
  const { role, mclt, split, hba, at, written } = values;
  if (role === 'secondary') {
    for (const key of PRIMARY_KEYS) {
      if (values.written.has(key))
        at.key(key).fault('is for the primary alone', shown(values[key]), `remove it: the primary sends ${key}`);
    }
    return undefined;
  }
  if (role === undefined) return undefined;
  if (!written.has('mclt')) at.key('mclt').fault('mclt is missing', undefined, 'add "mclt: 1h": the primary needs it');
  if (written.has('split') && written.has('hba')) {
    at.key('hba').fault('stands beside split, and both say the same thing', shown(hba), 'remove one of the two');
  } else if (!written.has('split') && !written.has('hba')) {
    at.key('split').fault('split is missing', undefined, 'add "split: 128": half of the clients for each server');
  }
  const buckets = split ?? hba;
  return mclt === undefined || buckets === undefined ? undefined : { mclt, buckets };
}

function checkBalance(values: FailoverValues): void {
  const { 'min-balance': min, 'max-balance': max, at, written } = values;
  if (min <= max) return;
  const key = written.has('min-balance') ? 'min-balance' : 'max-balance';
  at.key(key).fault(
    `seconds do not fit: min-balance is ${min}, max-balance ${max}`,
    key === 'min-balance' ? min : max,
    'lower min-balance or raise max-balance',
  );
}

function checkAddresses(values: FailoverValues): void {
  const { address, 'peer-address': peer, at } = values;
  if (address === undefined || address !== peer) return;
  at.key('peer-address').fault(
    'is also the address of this server',
    formatIpv4(peer),
    'write the address of the partner',
  );
}

function checkDoubles<K extends 'name' | 'peer-address'>(
  written: readonly FailoverValues[],
  key: K,
  show: (value: NonNullable<FailoverValues[K]>) => string,
  hint: string,
): void {
  const seen = new Map<unknown, string>();
  for (const values of written) {
    const value = values[key];
    if (value === undefined) continue;
    const before = seen.get(value);
    if (before) values.at.key(key).fault(`is that of ${before} already`, show(value), hint);
    else seen.set(value, values.at.path);
  }
}

function contains(range: AddressRange, address: Ipv4): boolean {
  return address >= range.first && address <= range.last;
}

function shown(value: number | Buffer | undefined): number | string | undefined {
  return Buffer.isBuffer(value) ? value.toString('hex') : value;
}
