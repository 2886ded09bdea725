import { messageOf } from '../base/errors.js';
import type { Clock, Micros } from '../base/time.js';
import { type Checkpoint, signCheckpoint } from '../ledger/proof/checkpoint.js';
import { introduceFirst, introduceNext } from '../ledger/proof/introduction.js';
import { generateSigningKey, type SigningKey } from '../ledger/proof/key.js';
import { keyFileExists, publicKeyFile, readOrMakeKeyFile, replaceKeyFile } from '../ledger/proof/key-file.js';
import type { Queue } from '../ledger/queue/queue.js';
import type { Logger } from '../operate/log/logger.js';
import type { QueueSettings } from './settings.js';

/** The part of {@link QueueSettings} that checkpoints go by. */
export type CheckpointPolicy = Pick<QueueSettings, 'keyFile' | 'checkpointEvents' | 'checkpointInterval'>;

interface Parts {
  readonly queue: Queue;
  readonly server: string;
  readonly policy: CheckpointPolicy;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Signs the head of the queue's chain from time to time, between the batches of requests. */
export class Checkpoints {
  readonly #parts: Parts;
  #policy: CheckpointPolicy;
  #key: SigningKey;
  #signed: number;
  #signedAt: Micros;

  /**
   * Reads the key, or makes it if there is none.
   * @throws KeyError if the key file cannot be used
   */
  constructor(parts: Parts) {
    const { queue, server, policy, clock, logger } = parts;
    this.#parts = parts;
    this.#policy = policy;
    const isNew = !keyFileExists(policy.keyFile);
    this.#key = readOrMakeKeyFile(policy.keyFile);
    this.#signed = queue.checkpoint?.sequence ?? 0;
    this.#signedAt = clock.monotonic();
    queue.addKey(introduceFirst(this.#key.public, server, queue.nextTime(clock.now())));
    if (isNew) {
      const file = policy.keyFile;
      logger.log('key-made', { key: this.#key.public.id, file, public: publicKeyFile(file) });
    }
  }

  /** Puts other limits in force; the key stays. */
  configure(policy: CheckpointPolicy): void {
    this.#policy = policy;
  }

  /** Makes a checkpoint if one is due. Never throws. */
  makeIfDue(): void {
    const unsigned = this.#parts.queue.sequence - this.#signed;
    const waited = this.#parts.clock.monotonic() - this.#signedAt;
    const { checkpointEvents, checkpointInterval } = this.#policy;
    if (unsigned >= checkpointEvents || (unsigned > 0 && waited >= checkpointInterval)) this.tryMake();
  }

  /** Makes a checkpoint now. A failure is logged; nothing else depends on it. */
  tryMake(): void {
    try {
      this.make();
    } catch (error) {
      this.#parts.logger.limited('checkpoint-failed', { error: messageOf(error) });
    }
  }

  /** Makes a checkpoint now if an event is not signed yet. Returns the newest one, if there is any. Throws what SQLite throws. */
  make(): Checkpoint | undefined {
    return this.#parts.queue.sequence > this.#signed ? this.#sign() : this.#parts.queue.checkpoint;
  }

  /**
   * Signs the head, then makes a new key that the old one certifies, and signs with the new key from then on. The private half of the
   * old key is deleted. Returns the ids of the new and the old key. Throws KeyError, or what SQLite throws.
   */
  rotate(): { key: string; by: string } {
    const { queue, server, clock, logger } = this.#parts;
    this.make();
    const old = this.#key;
    const next = generateSigningKey();
    queue.addKey(introduceNext(next.public, server, queue.nextTime(clock.now()), old));
    replaceKeyFile(this.#policy.keyFile, next);
    this.#key = next;
    this.#sign();
    logger.log('key-rotated', { key: next.public.id, by: old.public.id });
    return { key: next.public.id, by: old.public.id };
  }

  #sign(): Checkpoint | undefined {
    const { queue, clock, logger } = this.#parts;
    if (queue.sequence === 0) return undefined;
    const at = queue.nextTime(clock.now());
    const claim = { queue: queue.uuid, ...queue.head, at, nextWithin: this.#policy.checkpointInterval };
    const checkpoint = signCheckpoint(claim, this.#key);
    queue.addCheckpoint(checkpoint);
    this.#signed = checkpoint.sequence;
    this.#signedAt = clock.monotonic();
    logger.log('checkpoint-made', { sequence: checkpoint.sequence, key: checkpoint.keyId });
    return checkpoint;
  }
}
