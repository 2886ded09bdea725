/** Milliseconds between two memory samples. */
const SAMPLE_MILLIS = 250;
const MEBIBYTE = 1024 * 1024;

/** One line of the result. */
export interface Figure {
  readonly what: string;
  readonly database: string;
  readonly events: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Peak memory in the first and in the last quarter of the time, MiB: about the same if memory does not grow. */
  readonly earlyMiB: number;
  readonly lateMiB: number;
}

/** Runs a task on this many events and measures it. */
export async function measure(
  what: string,
  database: string,
  events: number,
  task: () => Promise<unknown>,
): Promise<Figure> {
  const samples: number[] = [process.memoryUsage().rss];
  const timer = setInterval(() => samples.push(process.memoryUsage().rss), SAMPLE_MILLIS);
  const began = performance.now();
  try {
    await task();
  } finally {
    clearInterval(timer);
  }
  const seconds = (performance.now() - began) / 1000;
  samples.push(process.memoryUsage().rss);
  const quarter = Math.ceil(samples.length / 4);
  return {
    what,
    database,
    events,
    seconds: Math.round(seconds * 100) / 100,
    perSecond: Math.round(events / seconds),
    earlyMiB: Math.round(Math.max(...samples.slice(0, quarter)) / MEBIBYTE),
    lateMiB: Math.round(Math.max(...samples.slice(-quarter)) / MEBIBYTE),
  };
}
