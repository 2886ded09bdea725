import assert from 'node:assert/strict';
import { UsageError } from '../../src/base/errors.js';
import { findListenAddress, listInterfaces, type NetworkInterface } from '../../src/net/interfaces.js';
import { formatIpv4, netmask, parseIpv4 } from '../../src/net/ipv4.js';

function networkInterface(name: string, ...addresses: string[]): NetworkInterface {
  return {
    name,
    loopback: name === 'lo',
    addresses: addresses.map((text) => {
      const [address, prefix] = [parseIpv4(text.split('/')[0]!), Number(text.split('/')[1])];
      return { address, subnet: { network: (address & netmask(prefix)) >>> 0, prefix } };
    }),
  };
}

const MACHINE = [
  networkInterface('lo', '127.0.0.1/8'),
  networkInterface('eth0', '198.18.0.1/24'),
  networkInterface('eth1', '198.18.1.1/24', '198.19.1.1/16'),
];

function find(wanted: { address?: string; interface?: string }): string {
  const { address, ...rest } = wanted;
  const place = findListenAddress(address === undefined ? rest : { ...rest, address: parseIpv4(address) }, MACHINE);
  return `${formatIpv4(place.address)} on ${place.interface.name}`;
}

function refusal(wanted: { address?: string; interface?: string }): string {
  try {
    return find(wanted);
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return `${error.message}; ${error.hint}`;
  }
}

const INVENTORY = 'this machine has lo 127.0.0.1/8, eth0 198.18.0.1/24, eth1 198.18.1.1/24 198.19.1.1/16';

describe('findListenAddress', () => {
  it('takes the first address of an interface that is given alone', () => {
    assert.equal(find({ interface: 'eth1' }), '198.18.1.1 on eth1');
  });

  it('finds the interface of an address', () => {
    assert.equal(find({ address: '198.19.1.1' }), '198.19.1.1 on eth1');
  });

  it('takes an address and its interface together', () => {
    assert.equal(find({ address: '198.18.0.1', interface: 'eth0' }), '198.18.0.1 on eth0');
  });

  it('accepts every address of the loopback network', () => {
    assert.equal(find({ address: '127.0.0.9' }), '127.0.0.9 on lo');
  });

  it('refuses an unknown interface and says what there is', () => {
    assert.equal(
      refusal({ interface: 'eth7' }),
      `Interface "eth7" does not exist, is down or has no IPv4 address; ${INVENTORY}`,
    );
  });

  it('refuses an address that no interface has, even in the network of one', () => {
    assert.equal(refusal({ address: '198.18.0.2' }), `Address 198.18.0.2 is not one of this machine; ${INVENTORY}`);
  });

  it('refuses an address that another interface has', () => {
    assert.equal(
      refusal({ address: '198.18.1.1', interface: 'eth0' }),
      `Interface "eth0" with address 198.18.1.1 does not exist or is down; ${INVENTORY}`,
    );
  });

  it('refuses neither interface nor address', () => {
    assert.equal(refusal({}), `Nothing to listen on; give an interface or an address; ${INVENTORY}`);
  });
});

describe('listInterfaces', () => {
  it('lists the loopback interface of this machine', () => {
    const loopback = listInterfaces().find((entry) => entry.loopback);
    const first = loopback?.addresses[0];
    assert.deepEqual(first, {
      address: parseIpv4('127.0.0.1'),
      subnet: { network: parseIpv4('127.0.0.0'), prefix: 8 },
    });
  });
});
