import { address } from './addresses.js';
import { duration, text } from './scalars.js';
import { entriesOf, type Key, type Kind, type Values } from './schema.js';
import type { YamlPath } from './yaml-path.js';

/** 0xffffffff would mean that the lease never ends (RFC 2131 section 3.3). */
const LONGEST_LEASE = 0xfffffffe;

/** An option as written, not looked up yet. */
export interface WrittenOption {
  readonly name: string;
  readonly value: unknown;
  readonly at: YamlPath;
}

const options: Kind<WrittenOption[]> = {
  type: 'map of options',
  read: (value, at) => entriesOf(value, at)?.map(([name, written]) => ({ name, value: written, at: at.key(name) })),
};

const leaseTime: Kind<number> = {
  type: 'duration',
  read: (value, at) => {
    if (typeof value === 'string' && /^(forever|infinit[ey]|never|unlimited)$/i.test(value)) {
      return at.fault('is not a duration: every lease ends', value, 'write a long one, as 365d');
    }
    return duration(1, LONGEST_LEASE).read(value, at);
  },
};

function fits(limit: number): (value: string) => boolean {
  return (value) => value !== '' && Buffer.byteLength(value) <= limit;
}

/** Keys that server, subnet, pool and reservation may each have. The innermost one counts. */
export const SCOPE_KEYS = {
  'lease-time': { kind: leaseTime, absent: 'inherited', doc: 'how long a lease lasts if the client does not ask' },
  'min-lease-time': { kind: leaseTime, absent: 'lease-time', doc: 'the shortest lease a client can ask for' },
  'max-lease-time': { kind: leaseTime, absent: 'lease-time', doc: 'the longest lease a client can ask for' },
  'renewal-time': { kind: leaseTime, absent: '0.5 of the lease', doc: 'T1: when the client starts to renew' },
  'rebinding-time': {
    kind: leaseTime,
    absent: '0.875 of the lease',
    doc: 'T2: when the client starts to ask any server',
  },
  options: { kind: options, absent: 'none', doc: 'DHCP options by name, or by code from 1 to 254' },
  'next-server': { kind: address, absent: 'none', doc: 'header field siaddr: the server to boot from' },
  'server-name': {
    kind: text('text of 1 to 63 bytes', fits(63), 'write at most 63 bytes'),
    absent: 'none',
    doc: 'header field sname',
  },
  'boot-file': {
    kind: text('text of 1 to 127 bytes', fits(127), 'write at most 127 bytes'),
    absent: 'none',
    doc: 'header field file: what to boot',
  },
} as const satisfies Record<string, Key<unknown>>;

export type ScopeValues = Values<typeof SCOPE_KEYS>;
