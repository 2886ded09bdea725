import type { Note } from '../ask/answer.js';

/** A note as a line for people: `warning: no evidence between ...`. */
export function noteLine({ severity, text }: Note): string {
  return severity === 'result' ? text : `${severity}: ${text}`;
}
