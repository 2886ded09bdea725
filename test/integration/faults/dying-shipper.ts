// A shipper that kills itself without warning. Arguments: queue file, URL of the trail, step, which time it comes to it.
import { SHIP_STEPS, type ShipStep } from '../../../src/trail/store/steps.js';
import { Trail } from '../../../src/trail/store/trail.js';
import { shipperOf } from './stage.js';

const [file, url, step, time] = process.argv.slice(2);
if (!SHIP_STEPS.includes(step as ShipStep)) throw new Error(`No step "${step}"`);
let left = Number(time);

function onStep(reached: ShipStep): void {
  if (reached === step && --left === 0) process.kill(process.pid, 'SIGKILL');
}

const openTrail = (): Promise<Trail> => Trail.open(url!, { idleSeconds: 2, onStep });
await shipperOf(file!, url!, { openTrail, onStep }).shipper.run();
