import type { FailoverMessageId } from '../failover/api.js';
import type { Seconds } from '../failover/binding.js';

/** Why the last connection with a partner ended or was refused. */
export interface Failure {
  readonly at: Seconds;
  readonly reason: string;
}

type Fields = Readonly<Record<string, string | number>>;

const REASONS: Partial<Record<FailoverMessageId, (fields: Fields) => string>> = {
  'failover-refused-by-partner': ({ reason, code }) => `refused by the partner: ${reason} (${code})`,
  'failover-refused': ({ reason }) => `refused: ${reason}`,
  'failover-clocks-differ': ({ seconds }) => `refused: the clocks differ by ${Math.abs(Number(seconds))} s`,
  'failover-broken-message': ({ reason }) => `closed: ${reason}`,
  'failover-disconnected': ({ reason }) => `lost: ${reason}`,
};

/** The reason that a message of an endpoint gives, in a few words; undefined if the message is about something else. */
export function failureReason(id: FailoverMessageId, fields: Fields): string | undefined {
  return REASONS[id]?.(fields);
}
