/** From the gravest to the most talkative. */
export const LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type Level = (typeof LEVELS)[number];

/** One message of the log. */
export interface MessageDefinition {
  readonly level: Level;
  /** One sentence without a period. `{field}` is replaced by the field of that name. */
  readonly text: string;
  /** What the message means and what to do, for docs/messages.md. No period at the end. */
  readonly help: string;
}
