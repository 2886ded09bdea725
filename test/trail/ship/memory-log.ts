import type { LogFields, Logger } from '../../../src/operate/log/logger.js';
import type { MessageId } from '../../../src/operate/log/messages.js';

/** A logger that keeps what it is told. */
export class MemoryLog implements Logger {
  readonly lines: { id: MessageId; fields: LogFields | undefined }[] = [];

  log(id: MessageId, fields?: LogFields): void {
    this.lines.push({ id, fields });
  }

  limited(id: MessageId, fields?: LogFields): void {
    this.log(id, fields);
  }

  isEnabled(): boolean {
    return true;
  }

  /** How often a message was logged. */
  count(id: MessageId): number {
    return this.lines.filter((line) => line.id === id).length;
  }
}
