import { type Micros, toIsoTime } from '../../base/time.js';
import { boundsOf } from '../../trail/store/history/span.js';
import { type Answer, GAP_SHAPE, type Reach, SHAPES } from '../ask/answer.js';
import type { ReportRequest } from '../ask/request.js';
import { type AnyRows, type AnyShape, toPlain } from '../ask/shape.js';

/**
 * An answer as one JSON object, a row a line. Times are ISO 8601 in UTC with Z and microseconds, bytes `0x` and hex, what
 * is not known is null. Everything but printable ASCII is written as `\uXXXX`: the same to a program, and harmless on a
 * terminal.
 *
 *     question  kind      ip | mac | port | switch | gaps
 *               subject   { address } | { mac } | { switch, port } | { switch } | null
 *               summary   true: a row is a client of a port (port_clients); else it is a sighting (port_history)
 *               span      { kind: all | at | between, from, to }: [from, to), null for an open side
 *               zone      time zone of the times in notes
 *               askedAt
 *     rows      the columns of port_history, port_clients or gaps, in camelCase
 *     gaps      every gap within the span, whatever the question: { server, kind, gapFrom, gapUntil, detail, queueUuid, sequence }
 *     notes     { code, severity: result | error | warning | note, text }; see NoteCode
 *     reach     { from, to, removedBefore, queues: [{ queueUuid, server, from, to, sequence }] }: what the trail has
 */
export async function* renderJsonAnswer(answer: Answer): AsyncGenerator<string> {
  yield `{"question": ${toJson(questionOf(answer.request))},\n"rows": `;
  yield* jsonArray(answer.rows, SHAPES[answer.kind]);
  yield ',\n"gaps": ';
  yield* jsonArray(answer.gaps, GAP_SHAPE);
  yield `,\n"notes": ${toJson(answer.notes)},\n"reach": ${toJson(reachOf(answer.reach))}}\n`;
}

/** A JSON array of one object a row, a row a line, as in {@link renderJsonAnswer}. */
export function* renderJson(rows: Iterable<object>, shape: AnyShape): Generator<string> {
  let before = '[\n';
  for (const row of rows) {
    yield before + toJson(toPlain(row, shape));
    before = ',\n';
  }
  yield before === '[\n' ? '[]\n' : '\n]\n';
}

/** One JSON object a line for each row, as in {@link renderJsonAnswer}. */
export async function* renderNdjson(rows: AnyRows, shape: AnyShape): AsyncGenerator<string> {
  for await (const row of rows) yield `${toJson(toPlain(row, shape))}\n`;
}

async function* jsonArray(rows: AnyRows, shape: AnyShape): AsyncGenerator<string> {
  let before = '[\n';
  for await (const row of rows) {
    yield before + toJson(toPlain(row, shape));
    before = ',\n';
  }
  yield before === '[\n' ? '[]' : '\n]';
}

function questionOf({ question, span, zone, now }: ReportRequest): object {
  const { kind, summary = false, ...subject } = { summary: false, ...question };
  const { from, to } = boundsOf(span);
  return {
    kind,
    subject: kind === 'gaps' ? null : subject,
    summary,
    span: { kind: span.kind, from: isoOrNull(from), to: isoOrNull(to) },
    zone,
    askedAt: toIsoTime(now),
  };
}

function reachOf({ from, to, removedBefore, queues }: Reach): object {
  return {
    from: isoOrNull(from),
    to: isoOrNull(to),
    removedBefore: isoOrNull(removedBefore),
    queues: queues.map((queue) => ({
      queueUuid: queue.queueUuid,
      server: queue.server,
      from: isoOrNull(queue.from),
      to: toIsoTime(queue.to),
      sequence: queue.sequence,
    })),
  };
}

function isoOrNull(at: Micros | null): string | null {
  return at === null ? null : toIsoTime(at);
}

function toJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
