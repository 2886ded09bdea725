import type { Micros } from '../../base/time.js';
import { describeGap, type GapRow } from './gaps.js';
import type { Last, Reach } from './reach.js';
import type { Question, ReportRequest } from './request.js';
import { boundsOf, describeSpan } from './span.js';
import { formatInZone } from './zone.js';

/** Gaps told one by one where nothing was found; more are counted. */
const GAPS_TOLD = 5;
const ETHERNET_BYTES = 6;
const ALL_GAPS = 'portledger report gaps lists them';

/** One line on the gaps within the span of a report that found something; none if there are none. */
export function gapWarnings(gaps: readonly GapRow[], zone: string): string[] {
  const last = gaps.at(-1);
  if (!last) return [];
  if (gaps.length === 1) return [`warning: no evidence ${describeGap(last, zone)}`];
  return [
    `warning: no evidence in ${gaps.length} spans of this time, the last ${describeGap(last, zone)}; ${ALL_GAPS}`,
  ];
}

/**
 * What is known where nothing was found. It never says that nobody was there: only that there is no evidence, and whether
 * there could be any.
 */
export function emptyNotes(request: ReportRequest, gaps: readonly GapRow[], reaches: readonly Reach[]): string[] {
  const { question, span, zone } = request;
  const when = describeSpan(span, zone);
  if (question.about === 'gaps') return [`No gap on record${when && ` ${when}`}`, ...reachNotes(request, reaches)];
  const told = gaps.slice(-GAPS_TOLD).map((gap) => `warning: no evidence ${describeGap(gap, zone)}`);
  const more = gaps.length - told.length;
  return [
    `No evidence of ${nameQuestion(question)}${when && ` ${when}`}`,
    ...told,
    ...(more > 0 ? [`warning: no evidence in ${more} earlier spans; ${ALL_GAPS}`] : []),
    ...lengthNotes(question),
    ...reachNotes(request, reaches),
  ];
}

/** One line if retention removed sightings that the question would have found; `before` is when those had ended, null if it never did. */
export function retentionNotes({ question, span, zone }: ReportRequest, before: Micros | null): string[] {
  if (question.about === 'gaps' || before === null || (boundsOf(span).from ?? 0) >= before) return [];
  return [
    `note: what ended before ${formatInZone(before, zone)} ${zone} was removed by retention, except held records`,
  ];
}

/** The servers that were stopped before the end of the span, and not started again since. */
export function stopNotes({ span, zone, now }: ReportRequest, lasts: readonly Last[]): string[] {
  const end = boundsOf(span).to ?? now;
  return lasts
    .filter(({ isStopped, last }) => isStopped && last < end)
    .map(
      ({ server, last }) => `note: ${server} stopped at ${formatInZone(last, zone)} ${zone}; no evidence from it since`,
    );
}

/** A hardware address that was cut short is asked for as it stands, and nobody has it. */
function lengthNotes(question: Question): string[] {
  const bytes = question.about === 'mac' ? question.mac.split(':').length : ETHERNET_BYTES;
  if (bytes === ETHERNET_BYTES) return [];
  return [
    `note: ${nameQuestion(question)} has ${bytes} bytes; the hardware addresses of Ethernet have ${ETHERNET_BYTES}`,
  ];
}

/** The servers whose events in the trail do not cover the whole span. */
function reachNotes({ span, zone, now }: ReportRequest, reaches: readonly Reach[]): string[] {
  if (reaches.length === 0) return ['note: the trail has no events yet'];
  const { from, to } = boundsOf(span);
  return reaches
    .filter(({ first, last }) => (from ?? 0) < first || (to ?? now) > last)
    .map(({ server, first, last }) => {
      const ends = [first, last].map((at) => formatInZone(at, zone));
      return `note: the trail has events of ${server} from ${ends[0]} to ${ends[1]} ${zone}; later ones may not be shipped yet`;
    });
}

/** What is asked about, in words. */
export function nameQuestion(question: Question): string {
  switch (question.about) {
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
