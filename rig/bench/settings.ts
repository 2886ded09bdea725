/** How much is measured. */
export interface Settings {
  readonly quick: boolean;
  /** How often each thing is measured; its median counts. */
  readonly rounds: number;
  /** Of one load. */
  readonly seconds: number;
  /** By how much each rate that is tried is higher than the one before. */
  readonly factor: number;
  /** Events that the part `databases` verifies, if that was said. */
  readonly verify: number | undefined;
  /** For files of this run. */
  readonly folder: string;
}
