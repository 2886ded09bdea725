import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Namespace } from '../../rig/lab/netns.js';
import type { Program } from '../../rig/lab/program.js';
import { programPath } from '../../rig/lab/requirements.js';
import { until } from '../../rig/lab/until.js';
import { type ClientEvent, readClientEvents, writeClientScript } from './client-script.js';
import { makeTempDir, removeTempDir } from './temp.js';

/** A DHCP client that runs on one interface of a host until it is stopped. */
export interface DhcpClient {
  readonly program: Program;
  /** The events of the client so far, oldest first. */
  events(): ClientEvent[];
  /** Waits for an event after the first `after` events. */
  waitFor(event: ClientEvent['event'], options?: { after?: number; withinMs?: number }): Promise<ClientEvent>;
  /** Sends a RELEASE and ends. */
  release(): Promise<void>;
  /** Ends without a RELEASE, like a host that loses power. */
  kill(): Promise<void>;
}

export interface UdhcpcClient extends DhcpClient {
  /** Sends a renewal now. */
  renew(): void;
}

export interface DhclientOptions {
  /** Lines for dhclient.conf: `send host-name "lab-7";` and the like. */
  config?: string[];
  /** The lease file, to share with a later dhclient; in its own folder by default. */
  leaseFile?: string;
}

/** Starts ISC dhclient, all of its files in a folder of its own. */
export function startDhclient(host: Namespace, device: string, options: DhclientOptions = {}): DhcpClient {
  const folder = makeTempDir();
  const { script, notes } = writeClientScript(folder);
  const diary = openDiary(folder, notes);
  const [config, ownLeases, pidFile] = ['dhclient.conf', 'dhclient.leases', 'dhclient.pid'].map((name) =>
    join(folder, name),
  );
  const leases = options.leaseFile ?? ownLeases;
  const lines = ['timeout 20;', 'retry 2;', 'initial-interval 1;', 'backoff-cutoff 2;', ...(options.config ?? [])];
  writeFileSync(config!, `${lines.join('\n')}\n`);
  const command = (...flags: string[]) => {
    const files = ['-cf', config!, '-lf', leases!, '-pf', pidFile!, '-sf', script];
    return [programPath('dhclient')!, '-4', '-d', '-v', ...flags, ...files, device];
  };
  const program = host.start(command());
  return {
    ...followClient(program, diary),
    async release() {
      // A second dhclient reads the first one's lease, ends it and sends the RELEASE.
      await host.start(command('-r')).succeed();
      await program.ended;
      diary.close();
    },
  };
}

/** Starts busybox udhcpc; `flags` are added to its own (`-B`, `-x hostname:lab-7`, `-C` ...). */
export function startUdhcpc(host: Namespace, device: string, flags: string[] = []): UdhcpcClient {
  const folder = makeTempDir();
  const { script, notes } = writeClientScript(folder);
  const diary = openDiary(folder, notes);
  const pacing = ['-t', '10', '-T', '1', '-A', '1'];
  const program = host.start([programPath('udhcpc')!, '-f', '-i', device, '-s', script, ...pacing, ...flags]);
  return {
    ...followClient(program, diary),
    renew: () => program.signal('SIGUSR1'),
    async release() {
      const before = diary.events().length;
      program.signal('SIGUSR2');
      await until('deconfig', () =>
        diary
          .events()
          .slice(before)
          .find(({ event }) => event === 'deconfig'),
      );
      await program.stop();
      diary.close();
    },
  };
}

/** What a client's script recorded; readable after the client's folder is gone. */
interface Diary {
  events(): ClientEvent[];
  /** Removes the folder. */
  close(): void;
}

function openDiary(folder: string, notes: string): Diary {
  let whole: ClientEvent[] | undefined;
  return {
    events: () => whole ?? readClientEvents(notes),
    close: () => {
      whole ??= readClientEvents(notes);
      removeTempDir(folder);
    },
  };
}

function followClient(program: Program, diary: Diary): Omit<DhcpClient, 'release'> {
  return {
    program,
    events: () => diary.events(),
    waitFor: (event, { after = 0, withinMs = 15_000 } = {}) =>
      until(
        `event "${event}"`,
        () =>
          diary
            .events()
            .slice(after)
            .find((candidate) => candidate.event === event),
        { withinMs, detail: () => program.output },
      ),
    async kill() {
      await program.stop('SIGKILL');
      diary.close();
    },
  };
}

export interface DhcpingOptions {
  /** Address that the client claims to have. */
  client: string;
  server: string;
  mac: string;
  /** Sends an INFORM instead of REQUEST and RELEASE. */
  inform?: boolean;
  /** giaddr. */
  gateway?: string;
}

/** Runs dhcping once. Returns whether the server answered, and what dhcping wrote. */
export async function dhcping(
  host: Namespace,
  options: DhcpingOptions,
): Promise<{ answered: boolean; output: string }> {
  const { client, server, mac, inform, gateway } = options;
  const extra = [...(inform ? ['-i'] : []), ...(gateway ? ['-g', gateway] : [])];
  const program = host.start([
    programPath('dhcping')!,
    '-v',
    '-t',
    '3',
    '-c',
    client,
    '-s',
    server,
    '-h',
    mac,
    ...extra,
  ]);
  const { code } = await program.ended;
  return { answered: code === 0, output: program.output };
}
