import { OPTION } from './codes.js';
import { DecodeError } from './errors.js';

/** Collects the options of one message while its areas are walked. */
export class OptionCollector {
  /** Code to value in order of first appearance; 52 and 82 are never inside. */
  readonly options = new Map<number, Buffer>();
  /** Values of the instances of Option 82. */
  relayAgent: Buffer[] | undefined;
  /** True if one of them was in sname or file. */
  relayAgentOverloaded = false;
  /** Value of option 52 in the options field, 0 without. */
  overload = 0;
  /** Values of repeated options, joined at the end. To join them one by one would be quadratic. */
  #repeated: Map<number, Buffer[]> | undefined;

  /** Walks one area of the datagram, `main` the options field, else sname or file. Throws DecodeError. */
  walk(datagram: Buffer, from: number, to: number, main: boolean): void {
    let offset = from;
    while (offset < to) {
      const code = datagram[offset]!;
      if (code === OPTION.pad) {
        offset += 1;
        continue;
      }
      // Some clients omit END if an option ends with the datagram, so its absence is no error
      if (code === OPTION.end) return;
      const start = offset + 2;
      // Without a length byte `start` is already behind the end.
      const end = start <= to ? start + datagram[offset + 1]! : start;
      if (end > to) throw new DecodeError('truncated-option', offset, `Option ${code} reaches beyond its area`);
      if (code === OPTION.overload) {
        if (main) this.#overload(datagram, offset, end - start);
      } else if (code === OPTION.relayAgentInformation) {
        this.#relayAgent(datagram.subarray(start, end), main);
      } else if (this.options.has(code)) {
        this.#repeat(code, datagram.subarray(start, end));
      } else {
        this.options.set(code, datagram.subarray(start, end));
      }
      offset = end;
    }
  }

  /** Joins the values of options that came in several instances (RFC 3396 section 7). */
  join(): void {
    if (!this.#repeated) return;
    for (const [code, values] of this.#repeated) this.options.set(code, Buffer.concat(values));
  }

  #overload(datagram: Buffer, offset: number, length: number): void {
    const value = datagram[offset + 2]!;
    if (this.overload !== 0 || length !== 1 || value < 1 || value > 3)
      throw new DecodeError('overload', offset, `Option 52 is not one value of 1 to 3`);
    this.overload = value;
  }

  #relayAgent(value: Buffer, main: boolean): void {
    if (!main) this.relayAgentOverloaded = true;
    if (this.relayAgent) this.relayAgent.push(value);
    else this.relayAgent = [value];
  }

  #repeat(code: number, value: Buffer): void {
    this.#repeated ??= new Map();
    const values = this.#repeated.get(code);
    if (values) values.push(value);
    else this.#repeated.set(code, [this.options.get(code)!, value]);
  }
}
