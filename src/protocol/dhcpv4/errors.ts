import { PortledgerError, UsageError } from '../../base/errors.js';

/** Why a datagram is not a DHCP message; each is the name of a counter. */
export const DECODE_REASONS = [
  /** Fewer than 240 bytes: no room for the header and the magic cookie (RFC 2131 section 2). */
  'short',
  /** `op` is neither BOOTREQUEST (1) nor BOOTREPLY (2). */
  'op',
  /** `hlen` is larger than the 16 bytes of chaddr. */
  'hlen',
  /** The option area does not start with 99.130.83.99 (RFC 2131 section 3). */
  'magic-cookie',
  /** An option's length is missing or reaches beyond its area. */
  'truncated-option',
  /** Option 52 is not one byte of 1, 2 or 3, or comes twice (RFC 2132 section 9.3). */
  'overload',
] as const;
export type DecodeReason = (typeof DECODE_REASONS)[number];

/** A datagram that is not a DHCP message. `offset`: the byte of the datagram with the fault. */
export class DecodeError extends PortledgerError {
  override readonly code = 'dhcp-decode';
  readonly reason: DecodeReason;
  readonly offset: number;

  constructor(reason: DecodeReason, offset: number, message: string) {
    super(message, { fields: { reason, offset } });
    this.reason = reason;
    this.offset = offset;
  }
}

/** An impossible type or value of an option. The message says what was expected and what was found. */
export class OptionValueError extends UsageError {
  override readonly code = 'option-value';
}
