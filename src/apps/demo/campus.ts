import { parseIpv4 } from '../../net/ipv4.js';
import { AccessSwitch } from './access-switch.js';
import { DemoClient, type ServerAddress } from './client.js';

/** Seconds. Short, so that the demonstration can show a renewal and an expiry. */
export const LEASE_SECONDS = 12;

/** Remote-ids of the switches: one is text, one the binary form of many Cisco switches. */
const SWITCH_A = { name: 'sw-a', giaddr: '127.66.0.2', remoteId: Buffer.from('sw-a') };
const SWITCH_B = { name: 'sw-b', giaddr: '127.66.0.3', remoteId: Buffer.from('0006001122aabbcc', 'hex') };
const VLAN = 100;
const CLIENTS = ['alice-laptop', 'bob-desktop', 'carol-laptop', 'dave-printer', 'erin-phone', 'frank-camera'];

export interface DemoNetwork {
  address: string;
  port: number;
}

const FIRST_WORDS = '# Written by "portledger demo".';

/** True if the configuration is that of a demonstration, which may be replaced. */
export function isDemoConfig(text: string): boolean {
  return text.startsWith(FIRST_WORDS);
}

/** The configuration of the demonstration, also for reports on its data afterwards. */
export function demoConfig({ address, port }: DemoNetwork): string {
  return `${FIRST_WORDS} Loopback only, leases of ${LEASE_SECONDS} seconds.
server:
  name: dhcp-demo
  listen: [{ address: ${address}, port: ${port} }]
  trusted-relays: [127.66.0.0/24]
  lease-time: ${LEASE_SECONDS}s
  min-lease-time: ${LEASE_SECONDS}s
  max-lease-time: ${LEASE_SECONDS}s
  subnets:
    - subnet: 127.66.0.0/16
      pools: [127.66.1.10-127.66.1.99]
      options: { routers: [127.66.0.1], domain-name-servers: [127.66.0.1] }
queue: { file: demo.queue }
audit: { url: "sqlite:audit.db" }
switches:
  - { remote-id: "0x${SWITCH_B.remoteId.toString('hex')}", name: ${SWITCH_B.name}, profile: cisco-ios-base1 }
`;
}

/** Two switches and six clients, three on each. */
export class DemoCampus {
  readonly clients: DemoClient[];
  readonly #switches: [AccessSwitch, AccessSwitch];

  private constructor(switches: [AccessSwitch, AccessSwitch], server: ServerAddress) {
    this.#switches = switches;
    this.clients = CLIENTS.map((name, index) => {
      return new DemoClient(name, index + 1, server, switches[Math.floor(index / 3)]!, (index % 3) + 1);
    });
  }

  static async open(network: DemoNetwork): Promise<DemoCampus> {
    const server = { address: parseIpv4(network.address), port: network.port, clientPort: network.port + 1 };
    const a = await AccessSwitch.open({
      name: SWITCH_A.name,
      giaddr: parseIpv4(SWITCH_A.giaddr),
      server,
      option82: (port) => ({ circuitId: Buffer.from(`Gi1/0/${port}`), remoteId: SWITCH_A.remoteId }),
    });
    const b = await AccessSwitch.open({
      name: SWITCH_B.name,
      giaddr: parseIpv4(SWITCH_B.giaddr),
      server,
      option82: (port) => ({ circuitId: Buffer.from([0, 4, 0, VLAN, 1, port]), remoteId: SWITCH_B.remoteId }),
    });
    return new DemoCampus([a, b], server);
  }

  /** The client of that name. */
  client(name: string): DemoClient {
    return this.clients.find((client) => client.name === name)!;
  }

  /** `sw-b`, where others move to. */
  get second(): AccessSwitch {
    return this.#switches[1];
  }

  close(): void {
    for (const client of this.clients) client.close();
    for (const one of this.#switches) one.close();
  }
}
