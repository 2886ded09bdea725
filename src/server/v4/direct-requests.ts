import { MICROS_PER_SECOND, type Micros } from '../../base/time.js';
import { observedPort } from './port-view.js';
import type { Requester } from './requester.js';

/** A relay's copy of a unicast packet follows the packet at once. This is generous. */
const COPY_WINDOW: Micros = 3 * MICROS_PER_SECOND;

/** When a packet was handled, and its Option 82 payload ('' without one). */
interface Direct {
  readonly at: Micros;
  readonly option82: string;
}

/**
 * The unicast requests, and all releases, of the last seconds. By them a relay's copy of such a packet is recognised: a router that
 * runs a relay may forward copies of packets that it only routes.
 */
export class DirectRequests {
  #recent = new Map<string, Direct>();
  #older = new Map<string, Direct>();
  #since: Micros = 0;
  /** Keys of releases that are not stored yet. */
  #unstored: string[] = [];

  /** @param now steady time */
  note(requester: Requester, now: Micros): void {
    if (now - this.#since > COPY_WINDOW) {
      this.#older = this.#recent;
      this.#recent = new Map();
      this.#since = now;
    }
    this.#recent.set(keyOf(requester), { at: now, option82: observedPort(requester.message).option82 });
  }

  /** As {@link note}, for a release. {@link rollback} forgets it. */
  noteRelease(requester: Requester, now: Micros): void {
    this.note(requester, now);
    this.#unstored.push(keyOf(requester));
  }

  /** The noted releases are stored. */
  commit(): void {
    if (this.#unstored.length > 0) this.#unstored = [];
  }

  /** Forgets the releases noted since the last {@link commit}. */
  rollback(): void {
    for (const key of this.#unstored) for (const known of [this.#recent, this.#older]) known.delete(key);
    this.#unstored = [];
  }

  /**
   * True if this packet is a copy of a unicast request of the last seconds: same client, xid, secs and ciaddr, and its Option 82 begins
   * with that of the original (a snooping switch may have added one on the way). The xid alone is not enough: clients use one again, and
   * after a pause the server reads old packets late.
   */
  sawOriginalOf(requester: Requester, now: Micros): boolean {
    const direct = this.#find(requester, now);
    return direct !== undefined && observedPort(requester.message).option82.startsWith(direct.option82);
  }

  /** True if the packet or a copy of it was noted in the last seconds, whatever Option 82 the two have. */
  sawCopyOf(requester: Requester, now: Micros): boolean {
    return this.#find(requester, now) !== undefined;
  }

  #find(requester: Requester, now: Micros): Direct | undefined {
    const key = keyOf(requester);
    const direct = this.#recent.get(key) ?? this.#older.get(key);
    return direct && now - direct.at <= COPY_WINDOW ? direct : undefined;
  }
}

function keyOf({ type, client, message }: Requester): string {
  return `${type}:${message.xid}:${message.secs}:${message.ciaddr}:${client.client}`;
}
