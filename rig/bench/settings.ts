/** How much to measure. */
export interface Settings {
  readonly quick: boolean;
  /** How often each thing is measured; its median counts. */
  readonly rounds: number;
  /** Seconds of one load. */
  readonly seconds: number;
  /** Factor from each rate to the next. */
  readonly factor: number;
  /** Events that the part `databases` verifies, if given. */
  readonly verify: number | undefined;
  /** Folder for files of this run. */
  readonly folder: string;
}
