import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Run } from '../../rig/checker/check.js';
import type { Packet } from '../../rig/checker/packets.js';

const FILE = new URL('../fixtures/rig/run.json.gz', import.meta.url);

/** A minute of the rig as it happened, with its trail; each run leaves such a record. */
export function recordedRun(): Run {
  const { run } = JSON.parse(gunzipSync(readFileSync(FILE)).toString());
  const packets = run.packets.map((packet: Packet) => ({ ...packet, options: new Map(packet.options) }));
  return { ...run, packets };
}
