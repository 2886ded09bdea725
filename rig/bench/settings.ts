/** How much is measured. */
export interface Settings {
  readonly quick: boolean;
  /** How often each thing is measured; its median counts. */
  readonly rounds: number;
  /** Of one load. */
  readonly seconds: number;
  /** For files of this run. */
  readonly folder: string;
}
