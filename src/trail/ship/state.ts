/** The states that may follow each state. */
const MOVES = {
  /** The server has not made its queue yet. */
  waiting: ['connecting', 'stopped'],
  /** Opening the trail. */
  connecting: ['connecting', 'shipping', 'idle', 'backing-off', 'stopped'],
  /** Events go from the queue to the trail. */
  shipping: ['connecting', 'idle', 'backing-off', 'stopped'],
  /** Everything is shipped. */
  idle: ['connecting', 'shipping', 'backing-off', 'stopped'],
  /** The trail is away. */
  'backing-off': ['connecting', 'stopped'],
  stopped: [],
} as const satisfies Record<string, readonly string[]>;

export type ShipState = keyof typeof MOVES;

/** The state of a shipper. A transition that the table does not have is a bug and throws. */
export class ShipStateMachine {
  #state: ShipState = 'waiting';

  get state(): ShipState {
    return this.#state;
  }

  enter(next: ShipState): void {
    if (next === this.#state) return;
    if (!(MOVES[this.#state] as readonly string[]).includes(next)) {
      throw new Error(`A shipper cannot go from ${this.#state} to ${next}`);
    }
    this.#state = next;
  }
}
