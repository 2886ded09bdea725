import assert from 'node:assert/strict';
import type { Namespace } from '../../../rig/lab/netns.js';
import { type PerfdhcpResult, runPerfdhcp } from '../../../rig/lab/perfdhcp.js';
import { requires } from '../../../rig/lab/requirements.js';
import { type LoggedPacket, PacketLog, requestsOf } from '../../support/packet-log.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';
import { SERVER_ADDRESS, type ServerStatus, Stage, serverSection } from './stage.js';

const RATE = 1000;
const SECONDS = 10;
/** More than there are exchanges: every client asks once. */
const CLIENTS = 15_000;
const RELAY = '198.19.0.2';
/** circuit-id `Gi1/0/7`, remote-id `sw-a`. */
const OPTION_82 = `0107${Buffer.from('Gi1/0/7').toString('hex')}0204${Buffer.from('sw-a').toString('hex')}`;
const ATTEMPTS = 3;

/** What one run of the load left to look at. */
interface LoadRun {
  result: PerfdhcpResult;
  packets: LoggedPacket[];
  status: ServerStatus;
  /** Datagrams that the kernel threw away because the server did not fetch them in time. */
  overflows: number;
}

describe('perfdhcp as a relay at 1,000 exchanges a second for 10 s', function () {
  this.timeout(180_000);
  let stage: Stage;
  let folder: string;

  before(function () {
    requires(this, 'netns', 'mariadb', 'perfdhcp', 'tcpdump');
    folder = makeTempDir();
  });

  afterEach(async () => {
    await stage.close();
  });

  after(() => {
    if (folder) removeTempDir(folder);
  });

  it('is served without a drop, and every ACK is in the trail, once, with its client, address and port', async () => {
    for (let attempt = 1; ; attempt++) {
      stage = new Stage();
      const run = await load();
      const dropped = droppedByServer(run);
      await assertTrailHasAll(run);
      const drops = run.result.discoverOffer.drops + run.result.requestAck.drops;
      // All clients are at one port: a disk that stands still for a second costs answers. And the machine may have no time for perfdhcp.
      if (drops + dropped > 0 && attempt < ATTEMPTS) {
        await stage.close();
        continue;
      }
      assert.equal(dropped, 0, JSON.stringify(run.status.drops));
      assert.equal(drops, 0, run.result.output);
      assert.equal(run.result.exitCode, 0, run.result.output);
      assert.ok(run.result.requestAck.received >= RATE * SECONDS * 0.99, run.result.output);
      return;
    }
  });

  async function load(): Promise<LoadRun> {
    const relay = cableRelay();
    const pools = ['198.19.16.0-198.19.250.255'];
    const extra = { 'lease-time': '1h', 'trusted-relays': [RELAY] };
    await stage.start(serverSection([{ subnet: '198.19.0.0/16', pools }], extra));
    const log = await PacketLog.start(relay, 'eth0', folder);
    const options = { server: SERVER_ADDRESS, rate: RATE, seconds: SECONDS, clients: CLIENTS };
    const result = await runPerfdhcp(relay, { ...options, flags: ['-o', `82,${OPTION_82}`] });
    const packets = await log.stop();
    return { result, packets, status: await stage.status(), overflows: overflowsOf(stage.server) };
  }

  function cableRelay(): Namespace {
    const relay = stage.campus.host();
    stage.campus.cable(
      { in: stage.server, name: 'eth0', address: `${SERVER_ADDRESS}/24` },
      { in: relay, name: 'eth0', address: `${RELAY}/16` },
    );
    stage.server.ip('route', 'add', '198.19.0.0/16', 'dev', 'eth0');
    relay.ip('route', 'add', '198.18.0.0/24', 'dev', 'eth0');
    return relay;
  }

  /** How much of what was on the cable the server dropped, and said so, because it was too late for it. It answered all the rest. */
  function droppedByServer({ packets, status, overflows, result }: LoadRun): number {
    const ofType = (type: number) => packets.filter((packet) => packet.type === type).length;
    const asked = ofType(1) + ofType(3);
    const { 'backlog-full': late = 0, ...others } = status.drops;
    assert.deepEqual(others, {});
    assert.equal(status.traffic.received, asked - overflows);
    assert.equal(status.traffic['offers-sent'], ofType(2));
    assert.equal(status.traffic['acks-sent'], ofType(5));
    assert.equal(ofType(2) + ofType(5) + late + overflows, asked);
    assert.ok(ofType(2) <= ofType(1) && ofType(5) <= ofType(3), 'no answer hides a lost request of the other kind');
    const offered = packets.filter(({ type }) => type === 2).map(({ xid }) => xid);
    assert.equal(new Set(offered).size, offered.length, 'no DISCOVER was answered twice');
    assert.equal(ofType(3), result.requestAck.sent, result.output);
    return late + overflows;
  }

  async function assertTrailHasAll({ packets, result }: LoadRun): Promise<void> {
    await stage.shipped(30_000);
    const rows = await stage.query('SELECT sequence, kind, ip, mac, xid, circuit_id, remote_id, evidence FROM events');
    const sequences = rows.map(({ sequence }) => Number(sequence)).sort((a, b) => a - b);
    assert.deepEqual(
      sequences,
      sequences.map((_, index) => index + 1),
      'sequences are 1 to n',
    );
    assert.equal(sequences.length, stage.lastSequence);

    const describeLease = (xid: number, mac: string, ip: string) => `${xid} ${mac} ${ip}`;
    const granted = rows.filter(({ kind }) => kind === 'granted');
    const inTrail = granted.map(({ xid, mac, ip }) => describeLease(xid, mac, ip)).sort();
    const acks = [...requestsOf(packets).values()].flatMap(({ ack }) => ack ?? []);
    assert.deepEqual(inTrail, acks.map(({ xid, mac, yiaddr }) => describeLease(xid, mac, yiaddr)).sort());
    assert.equal(new Set(inTrail).size, acks.length);
    const trailAddresses = new Set(granted.map(({ ip }) => ip));
    assert.equal(trailAddresses.size, acks.length, 'no address was given twice');
    for (const address of result.acknowledged) assert.ok(trailAddresses.has(address), address);
    for (const { circuit_id, remote_id, evidence } of granted)
      assert.deepEqual([String(circuit_id), String(remote_id), evidence], ['Gi1/0/7', 'sw-a', 'observed']);
    const [{ open }] = (await stage.query(
      "SELECT COUNT(*) AS open FROM port_history WHERE switch_name = 'sw-a' AND port_name = 'Gi1/0/7' AND ended_at IS NULL",
    )) as [{ open: number }];
    assert.equal(open, acks.length);
  }
});

/** The `RcvbufErrors` of UDP in a namespace. */
function overflowsOf(host: Namespace): number {
  const [names, values] = host
    .run('cat', '/proc/net/snmp')
    .split('\n')
    .filter((line) => line.startsWith('Udp: '))
    .map((line) => line.split(' '));
  return Number(values![names!.indexOf('RcvbufErrors')]);
}
