import type { Campus } from './campus.js';
import { statusOf } from './evidence.js';

/** The state of the campus at one moment. */
export interface Sample {
  /** Seconds since the first sample. */
  readonly at: number;
  /** Resident memory of the services' main processes in MiB; absent where a service was down. */
  readonly memory: Readonly<Record<string, number>>;
  /** Active leases and events not shipped yet, by server; NaN where it did not answer. */
  readonly leases: Readonly<Record<'a' | 'b', number>>;
  readonly queued: Readonly<Record<'a' | 'b', number>>;
}

/** The long-running processes, which must not grow. */
const WATCHED = ['serve-a', 'serve-b', 'ship-a', 'ship-b', 'logger'];
const MAIN_PROCESS = /main\.js (serve|ship)|mariadbd/;

/** Takes samples at intervals until it is stopped, and prints one each minute. */
export class Monitor {
  readonly samples: Sample[] = [];
  readonly #campus: Campus;
  readonly #begin = Date.now();
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> = Promise.resolve();

  constructor(campus: Campus, seconds: number, say: (line: string) => void) {
    this.#campus = campus;
    this.#timer = setInterval(() => {
      this.#running = this.#running.then(() => this.#sample(say));
    }, seconds * 1000);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async #sample(say: (line: string) => void): Promise<void> {
    const [memory, a, b] = await Promise.all([this.#memory(), this.#status('a'), this.#status('b')]);
    const at = Math.round((Date.now() - this.#begin) / 1000);
    const leases = { a: a.leases, b: b.leases };
    const sample = { at, memory, leases, queued: { a: a.unshipped, b: b.unshipped } };
    const minute = Math.floor(at / 60);
    if (minute > Math.floor((this.samples.at(-1)?.at ?? 0) / 60)) say(sampleText(sample));
    this.samples.push(sample);
  }

  async #memory(): Promise<Record<string, number>> {
    const pairs = await Promise.all(WATCHED.map(async (service) => [service, await this.#memoryOf(service)] as const));
    return Object.fromEntries(pairs.filter((pair): pair is [string, number] => pair[1] !== undefined));
  }

  /** Undefined while the container is down or paused. */
  async #memoryOf(service: string): Promise<number | undefined> {
    const processes = await this.#campus.run(service, ['ps', '-eo', 'rss=,args=']).catch(() => '');
    const line = processes.split('\n').find((text) => MAIN_PROCESS.test(text) && !text.includes('docker-init'));
    return line === undefined ? undefined : Number.parseInt(line, 10) / 1024;
  }

  async #status(host: 'a' | 'b'): Promise<{ unshipped: number; leases: number }> {
    return await statusOf(this.#campus, host).catch(() => ({ unshipped: Number.NaN, leases: Number.NaN }));
  }
}

function sampleText({ at, memory, leases, queued }: Sample): string {
  const parts = Object.entries(memory).map(([service, size]) => `${service} ${size.toFixed(1)}`);
  const shown = ({ a, b }: Sample['leases']) => [a, b].map((value) => (Number.isNaN(value) ? '?' : value)).join('/');
  return `minute ${Math.floor(at / 60)}: leases ${shown(leases)}, queued ${shown(queued)}, MiB: ${parts.join(', ')}`;
}

/** The first samples do not count: caches fill and code is compiled. */
const WARM_UP = 0.25;
/** A shorter run shows nothing. */
const LEAST_MINUTES = 20;
/** Allowed growth in an hour: MiB, plus this share of its size. */
const ALLOWED_GROWTH = 12;
const ALLOWED_SHARE = 0.1;

/** A process whose memory grows. */
export interface Growth {
  readonly service: string;
  /** MiB; undefined if no sample was taken after the start phase: that is not the same as no growth. */
  readonly perHour: number | undefined;
}

/**
 * The processes whose memory grows or is unknown. Empty if the run was too short. A process that a fault killed starts small again, which
 * hides growth: only a run without faults shows it.
 */
export function growing(samples: readonly Sample[]): Growth[] {
  const last = samples.at(-1)?.at ?? 0;
  if (last < LEAST_MINUTES * 60) return [];
  const warm = samples.filter(({ at }) => at >= last * WARM_UP);
  return WATCHED.flatMap((service): Growth[] => {
    const points = warm
      .filter(({ memory }) => memory[service] !== undefined)
      .map(({ at, memory }) => [at, memory[service]!] as const);
    if (points.length === 0) return [{ service, perHour: undefined }];
    const perHour = slope(points) * 3600;
    const size = median(points.map(([, value]) => value));
    return perHour > ALLOWED_GROWTH + size * ALLOWED_SHARE ? [{ service, perHour }] : [];
  });
}

export function growthText({ service, perHour }: Growth): string {
  return perHour === undefined
    ? `memory: that of ${service} was not read`
    : `memory: ${service} grows by ${perHour.toFixed(1)} MiB an hour`;
}

/** The median slope between all pairs of points (Theil-Sen): single peaks do not matter. 0 for fewer than two points. */
export function slope(points: readonly (readonly [number, number])[]): number {
  const slopes = points.flatMap(([x, y], i) =>
    points.slice(i + 1).flatMap(([otherX, otherY]) => (otherX === x ? [] : [(otherY - y) / (otherX - x)])),
  );
  return slopes.length === 0 ? 0 : median(slopes);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
