import { join } from 'node:path';
import { type PrivateDatabase, startMariadb } from '../../../rig/lab/database.js';
import { Campus, type Namespace } from '../../../rig/lab/netns.js';
import { type PerfdhcpOptions, type PerfdhcpRun, startPerfdhcp } from '../../../rig/lab/perfdhcp.js';
import { type ConfigDocument, Installation } from '../../../rig/lab/processes.js';
import type { Program } from '../../../rig/lab/program.js';
import { PacketLog } from '../../support/packet-log.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';

export const SERVER_ADDRESS = '198.18.0.1';

/**
 * A server and a relay in namespaces with one cable between them, a shipper's place on this machine, a queue file that they share,
 * a database of its own, and a record of all that was on the cable.
 */
export class Plant {
  readonly campus = new Campus();
  readonly folder = makeTempDir();
  readonly server: Namespace = this.campus.host();
  readonly relay: Namespace = this.campus.host();
  readonly database: PrivateDatabase;
  readonly installation: Installation;
  readonly queueFile = join(this.folder, 'dhcp-a.queue');
  packets!: PacketLog;
  readonly #programs: Program[] = [];

  private constructor(database: PrivateDatabase, config: ConfigDocument) {
    this.database = database;
    this.campus.cable(
      { in: this.server, name: 'eth0', address: `${SERVER_ADDRESS}/16` },
      { in: this.relay, name: 'eth0', address: '198.18.0.2/16' },
    );
    this.installation = new Installation(this.folder, {
      server: {
        name: 'dhcp-a',
        listen: [{ address: SERVER_ADDRESS }],
        'trusted-relays': ['198.18.0.2/32'],
        'lease-time': '1h',
        subnets: [{ subnet: '198.18.0.0/16', pools: ['198.18.16.0-198.18.250.255'] }],
      },
      queue: { file: this.queueFile },
      // Small batches: many moments at which the shipper can be hit
      audit: { url: database.url, 'batch-size': 20 },
      log: { format: 'json' },
      ...config,
    });
  }

  /** Sets it all up, with an empty trail; no server or shipper runs yet. */
  static async open(config: ConfigDocument = {}): Promise<Plant> {
    const plant = new Plant(await startMariadb({ durable: false }), config);
    try {
      await plant.installation.start('here', 'migrate').succeed();
      plant.packets = await PacketLog.start(plant.relay, 'eth0', plant.folder);
      return plant;
    } catch (error) {
      await plant.remove();
      throw error;
    }
  }

  /** Starts the server, or the shipper, and leaves it running. */
  start(which: 'serve' | 'ship'): Program {
    const program = this.installation.start(which === 'serve' ? this.server : 'here', which);
    this.#programs.push(program);
    return program;
  }

  /** Starts one of them and waits until it is at work. */
  async startReady(which: 'serve' | 'ship'): Promise<Program> {
    const program = this.start(which);
    await program.waitFor(which === 'serve' ? /server-ready/ : /ship-started/, 20_000);
    return program;
  }

  /** Starts perfdhcp at the relay, each client with Option 82; it goes on until it is stopped. */
  startLoad(options: Pick<PerfdhcpOptions, 'rate' | 'clients'>): PerfdhcpRun {
    const flags = ['-o', '82,0104706f7274020473776131'];
    return startPerfdhcp(this.relay, { server: SERVER_ADDRESS, seconds: 3600, flags, ...options });
  }

  /** Ends whatever runs, and leaves nothing behind. */
  async remove(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop('SIGKILL')));
    await this.campus.remove();
    await this.database.remove();
    removeTempDir(this.folder);
  }
}
