import type { PortledgerError } from '../../base/errors.js';
import type { Micros } from '../../base/time.js';
import type { History } from '../../trail/store/history/history.js';
import type { GapRow } from '../../trail/store/history/history-gaps.js';
import { earliest, type QueueReach } from '../../trail/store/history/reach.js';
import { boundsOf } from '../../trail/store/history/span.js';
import type { Note } from './answer.js';
import { describeGap } from './gap-text.js';
import type { Question, ReportRequest } from './request.js';
import { describeSpan } from './span.js';
import { formatInZone } from './zone.js';

/** Gaps named one by one where nothing was found; earlier ones are counted. */
const GAPS_NAMED = 5;
const ETHERNET_BYTES = 6;
const ALL_GAPS = 'portledger report gaps lists them';

/** The notes on an answer that has rows. */
export function notesOnFound(request: ReportRequest, history: History): Note[] {
  const warnings = request.question.kind === 'gaps' ? [] : gapWarnings(history.gaps, request.zone);
  return [...warnings, ...commonNotes(request, history)];
}

/** The notes on an answer without rows. They never say that nobody was there, only whether there could be evidence. */
export function notesOnEmpty(request: ReportRequest, history: History): Note[] {
  const { question, span, zone } = request;
  const when = describeSpan(span, zone);
  const reach = reachNotes(request, history.queues);
  const common = commonNotes(request, history);
  if (question.kind === 'gaps') return [result('no-gap', `No gap on record${when && ` ${when}`}`), ...reach, ...common];
  const gaps = gapsOneByOne(history.gaps, zone);
  const nothing = result('no-evidence', `No evidence of ${nameQuestion(question)}${when && ` ${when}`}`);
  return [nothing, ...gaps, ...lengthNotes(question), ...reach, ...common];
}

/** One warning of the gaps within the span; none if there are none. */
export function gapWarnings(gaps: readonly GapRow[], zone: string): Note[] {
  const last = gaps.at(-1);
  if (!last) return [];
  if (gaps.length === 1) return [warning('gap', `no evidence ${describeGap(last, zone)}`)];
  const text = `no evidence in ${gaps.length} spans of this time, the last ${describeGap(last, zone)}; ${ALL_GAPS}`;
  return [warning('more-gaps', text)];
}

/** The question names a switch or port that the trail does not know. */
export function unknownName({ message, hint }: PortledgerError): Note {
  return { code: 'unknown-name', severity: 'error', text: hint ? `${message} (${hint})` : message };
}

/** The subject of a question, in words. */
export function nameQuestion(question: Question): string {
  switch (question.kind) {
    case 'gaps':
      return 'gaps';
    case 'port':
      return `port ${question.port} on switch ${question.switch}`;
    case 'switch':
      return `switch ${question.switch}`;
    case 'ip':
      return question.address;
    case 'mac':
      return question.mac;
  }
}

function gapsOneByOne(gaps: readonly GapRow[], zone: string): Note[] {
  const named = gaps.slice(-GAPS_NAMED).map((gap) => warning('gap', `no evidence ${describeGap(gap, zone)}`));
  const more = gaps.length - named.length;
  return more === 0 ? named : [...named, warning('more-gaps', `no evidence in ${more} earlier spans; ${ALL_GAPS}`)];
}

/** The notes that every answer may need. */
function commonNotes(request: ReportRequest, { queues, removedBefore }: History): Note[] {
  return [...stopNotes(request, queues), ...removedNotes(request, removedBefore)];
}

/** The servers that stopped before the end of the span and have not started since. */
function stopNotes({ span, zone, now }: ReportRequest, queues: readonly QueueReach[]): Note[] {
  const end = boundsOf(span).to ?? now;
  return reachOfServers(queues)
    .filter(({ isStopped, to }) => isStopped && to < end)
    .map(({ server, to }) => {
      const text = `${server} stopped at ${formatInZone(to, zone)} ${zone}; no evidence from it since`;
      return note('server-stopped', text);
    });
}

/** One note if retention removed sightings that the question would have found. */
function removedNotes({ question, span, zone }: ReportRequest, before: Micros | null): Note[] {
  if (question.kind === 'gaps' || before === null || (boundsOf(span).from ?? 0) >= before) return [];
  const text = `what ended before ${formatInZone(before, zone)} ${zone} was removed by retention, except held records`;
  return [note('removed', text)];
}

/** A hardware address of another length is searched for as it is; mostly it was cut short. */
function lengthNotes(question: Question): Note[] {
  const bytes = question.kind === 'mac' ? question.mac.split(':').length : ETHERNET_BYTES;
  if (bytes === ETHERNET_BYTES) return [];
  const text = `${nameQuestion(question)} has ${bytes} bytes; the hardware addresses of Ethernet have ${ETHERNET_BYTES}`;
  return [note('mac-length', text)];
}

/** The servers whose events in the trail do not cover the whole span. */
function reachNotes({ span, zone, now }: ReportRequest, queues: readonly QueueReach[]): Note[] {
  if (queues.length === 0) return [note('empty-trail', 'the trail has no events yet')];
  const { from, to } = boundsOf(span);
  return reachOfServers(queues)
    .filter((reach) => (from ?? 0) < reach.from || (to ?? now) > reach.to)
    .map((reach) => {
      const [first, last] = [reach.from, reach.to].map((at) => formatInZone(at, zone));
      const events = `the trail has events of ${reach.server} from ${first} to ${last} ${zone}`;
      return note('out-of-reach', `${events}; later ones may not be shipped yet`);
    });
}

/** One reach for each server, from its first queue to its last one, sorted by name. */
function reachOfServers(queues: readonly QueueReach[]): ServerReach[] {
  const servers = new Map<string, QueueReach>();
  for (const queue of queues) {
    const known = servers.get(queue.server) ?? queue;
    const latest = queue.to >= known.to ? queue : known;
    servers.set(queue.server, { ...latest, from: earliest([known.from, queue.from]) });
  }
  return [...servers.values()].map((reach) => ({ ...reach, from: reach.from ?? reach.to }));
}

interface ServerReach extends QueueReach {
  readonly from: Micros;
}

function result(code: Note['code'], text: string): Note {
  return { code, severity: 'result', text };
}

function warning(code: Note['code'], text: string): Note {
  return { code, severity: 'warning', text };
}

function note(code: Note['code'], text: string): Note {
  return { code, severity: 'note', text };
}
