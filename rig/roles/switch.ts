// Role `switch`: an access switch. Environment: RIG_SWITCH (its number), RIG_PORTS.
import { AccessSwitch, type Outlet } from './access-switch.js';
import { CABLES, Cable, countTo, numberFrom } from './cable.js';
import { portLabel } from './labels.js';

const number = numberFrom('RIG_SWITCH');
const labels = new Map(countTo(numberFrom('RIG_PORTS')).map((port) => [port, portLabel(number, port)]));
const accessSwitch = new AccessSwitch(labels);
const cables = new Map<Outlet, Cable>();

function receive(frame: Buffer, from: Outlet): void {
  const { frame: out, to } = accessSwitch.forward(frame, from);
  for (const outlet of to) cables.get(outlet)?.send(out);
}

const gateway = { host: 'gateway', port: CABLES.gateway(number) };
cables.set('uplink', await Cable.plug(CABLES.uplink, (frame) => receive(frame, 'uplink'), gateway));
for (const port of labels.keys()) {
  cables.set(port, await Cable.plug(CABLES.switchPort(port), (frame) => receive(frame, port)));
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));
console.log(`switch sw-${number} ready`);
