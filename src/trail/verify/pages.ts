/** The rows of a query in order, read page by page, one page ahead: memory stays flat. */
export class Pages<T> {
  readonly #fetch: (after: T | null) => Promise<T[]>;
  readonly #size: number;
  #page: T[] = [];
  #index = 0;
  #next: Promise<T[]> | null;

  /**
   * @param fetch reads the rows that follow the one given (null: the first), `size` of them if there are as many
   */
  constructor(fetch: (after: T | null) => Promise<T[]>, size: number) {
    this.#fetch = fetch;
    this.#size = size;
    this.#next = this.#ahead(null);
  }

  /** The current row; undefined if the page is used up or there is none left: see {@link isDry}. */
  get row(): T | undefined {
    return this.#page[this.#index];
  }

  /** True if {@link fill} must be called before `row` means anything. */
  get isDry(): boolean {
    return this.#index >= this.#page.length && this.#next !== null;
  }

  /** Moves to the next row. */
  advance(): void {
    this.#index += 1;
  }

  /** Reads the next page if this one is used up. */
  async fill(): Promise<void> {
    if (!this.isDry) return;
    this.#page = await this.#next!;
    this.#index = 0;
    this.#next = this.#page.length < this.#size ? null : this.#ahead(this.#page.at(-1)!);
  }

  #ahead(after: T | null): Promise<T[]> {
    const next = this.#fetch(after);
    // fill() throws the failure; without this an earlier one would end the process.
    next.catch(() => undefined);
    return next;
  }
}
