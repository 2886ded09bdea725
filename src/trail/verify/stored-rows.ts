import type { Row } from '../store/event-table.js';
import type { Pages } from './pages.js';

/** Rows that each belong to one event of a queue, read in the order of the events. */
export class StoredRows {
  readonly #pages: Pages<Row>;
  readonly #column: string;
  readonly #onStray: (row: Row, sequence: number) => void;

  /**
   * @param column the one with the sequence of the event
   * @param onStray called for rows that no event took
   */
  constructor(pages: Pages<Row>, column: string, onStray: (row: Row, sequence: number) => void) {
    this.#pages = pages;
    this.#column = column;
    this.#onStray = onStray;
  }

  /** True if {@link goTo} must be called before {@link take}. */
  needs(sequence: number): boolean {
    return this.#pages.isDry || this.#sequence < sequence;
  }

  /** Moves to the row of this event, if there is one. */
  async goTo(sequence: number): Promise<void> {
    await this.#pages.fill();
    while (this.#sequence < sequence) {
      this.#onStray(this.#pages.row!, this.#sequence);
      this.#pages.advance();
      await this.#pages.fill();
    }
  }

  /** The row of this event, once; undefined if there is none. */
  take(sequence: number): Row | undefined {
    if (this.#sequence !== sequence) return undefined;
    const { row } = this.#pages;
    this.#pages.advance();
    return row;
  }

  get #sequence(): number {
    return (this.#pages.row?.[this.#column] as number | undefined) ?? Number.POSITIVE_INFINITY;
  }
}
