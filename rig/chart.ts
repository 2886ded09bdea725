import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Sample } from './monitor.js';

const UPLOT = dirname(createRequire(import.meta.url).resolve('uplot/dist/uPlot.iife.min.js'));

/** What a chart shows: its title, and the value of each line in each sample. */
interface Chart {
  readonly title: string;
  readonly lines: { readonly label: string; readonly values: (number | null)[] }[];
}

/** A self-contained page with charts of leases, queue depth and memory over the minutes of a run. */
export function chartPage(title: string, samples: readonly Sample[]): string {
  const minutes = samples.map(({ at }) => at / 60);
  const services = [...new Set(samples.flatMap(({ memory }) => Object.keys(memory)))];
  const memoryOf = (service: string) => samples.map(({ memory }) => memory[service] ?? null);
  const linesOf = (pick: (sample: Sample) => Sample['leases']) =>
    (['a', 'b'] as const).map((host) => ({
      label: `dhcp-${host}`,
      values: samples.map((one) => known(pick(one)[host])),
    }));
  const charts: Chart[] = [
    { title: 'Active leases that each server knows', lines: linesOf(({ leases }) => leases) },
    { title: 'Events not shipped yet', lines: linesOf(({ queued }) => queued) },
    { title: 'Resident memory, MiB', lines: services.map((label) => ({ label, values: memoryOf(label) })) },
  ];
  const asset = (name: string) => readFileSync(join(UPLOT, name), 'utf8');
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${title}</title>
<style>${asset('uPlot.min.css')} body { font-family: sans-serif; margin: 2em } .uplot { margin-bottom: 2em }</style>
<h1>${title}</h1>
<script>${asset('uPlot.iife.min.js')}</script>
<script>
const minutes = ${JSON.stringify(minutes)};
const colours = ['#1f77b4', '#d62728', '#2ca02c', '#9467bd', '#ff7f0e'];
for (const { title, lines } of ${JSON.stringify(charts)}) {
  const series = lines.map(({ label }, i) => ({ label, stroke: colours[i % colours.length], width: 2, spanGaps: false }));
  const scales = { x: { time: false }, y: { range: (_, least, most) => [0, Math.max(1, most * 1.1)] } };
  const options = { title, width: 1000, height: 260, scales, series: [{ label: 'minute' }, ...series] };
  new uPlot(options, [minutes, ...lines.map(({ values }) => values)], document.body);
}
</script>
</html>
`;
}

/** A missing value leaves a gap in the line. */
function known(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
