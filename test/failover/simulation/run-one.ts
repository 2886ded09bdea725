import { World } from './world.js';

const [from, count, peaceful] = process.argv.slice(2);
const happened = new Map<string, number>();
const t = Date.now();
let bad = 0;
for (let seed = Number(from); seed < Number(from) + Number(count); seed++) {
  const world = new World({
    seed,
    peaceful: peaceful === 'peaceful',
    faults: { failingCommits: peaceful === 'peaceful' ? 0 : seed % 3 === 0 ? 200 : 0 },
  });
  try {
    world.run();
  } catch (error) {
    bad++;
    console.log((error as Error).stack?.slice(0, Number(count) === 1 ? 100000 : 900));
    if (bad > 2) break;
  }
  for (const [what, n] of world.happened) happened.set(what, (happened.get(what) ?? 0) + n);
  if (Number(count) === 1) {
    for (const l of [...world.log, ...world.servers.flatMap((s) => s.log)].sort(
      (a, b) => Number.parseFloat(a) - Number.parseFloat(b),
    ))
      console.log(l);
  }
}
console.log(bad, 'bad', Date.now() - t, 'ms', JSON.stringify([...happened]));
