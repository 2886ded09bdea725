/** The steps of an append, in order. A crash before the last leaves nothing of the batch in the trail. */
export const APPEND_STEPS = [
  'trail-locked',
  'proof-written',
  'ports-written',
  'events-written',
  'sightings-written',
  'position-written',
  'committed',
] as const;
export type AppendStep = (typeof APPEND_STEPS)[number];

/** The steps of a shipper: those of an append and those around it. */
export const SHIP_STEPS = ['read', ...APPEND_STEPS, 'noted'] as const;
export type ShipStep = (typeof SHIP_STEPS)[number];

/** Called after each step; the next one waits for it. */
export type StepListener<T> = (step: T) => void | Promise<void>;
