import { MICROS_PER_SECOND, type Micros } from '../base/time.js';
import type { EventDraft } from '../ledger/event/event.js';
import type { PreviousWriter, Queue } from '../ledger/queue/queue.js';
import { serverEvent } from './pipeline/server-event.js';

/** An end of the server before this one that it did not record. */
export interface UncleanEnd {
  /** When that server was last known to be up. */
  readonly from: Micros;
  /** From then to this start. */
  readonly seconds: number;
}

/** The event of a start, with the span in which no server ran on this queue. `now`: the time that it will have. */
export function startEvent(
  queue: Queue,
  server: string,
  now: Micros,
): { readonly event: EventDraft; readonly uncleanEnd: UncleanEnd | undefined } {
  const { previous, at } = queue;
  const from = previous.running ? Math.max(previous.aliveAt, at) : at;
  const span = previous.isNew ? null : { from, to: now };
  const isUnclean = previous.running && span !== null;
  return {
    event: serverEvent('server-started', server, detailOf(previous), span),
    uncleanEnd: isUnclean ? { from, seconds: Math.round((now - from) / MICROS_PER_SECOND) } : undefined,
  };
}

function detailOf(previous: PreviousWriter): string {
  if (previous.isNew) return 'first start';
  if (previous.replaced !== null) return `new queue in place of ${previous.replaced}`;
  return previous.running ? 'after an unclean end' : 'after a clean stop';
}
