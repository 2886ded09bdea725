import { isIP } from 'node:net';
import { UsageError } from '../../base/errors.js';
import { formatHardwareAddress, readHardwareAddress } from '../../base/hardware-address.js';

/** Reads a hardware address of 2 to 16 bytes in any usual notation; returns the trail's, `02:00:00:00:00:01`. Throws UsageError. */
export function parseMacInput(text: string): string {
  const address = readHardwareAddress(text);
  if (address === undefined) {
    throw new UsageError(`"${text}" is not a hardware address`, {
      hint: 'write it as 02:00:00:00:00:01, 02-00-00-00-00-01, 0200.0000.0001 or 020000000001',
    });
  }
  return formatHardwareAddress(address);
}

/** Reads an IPv4 or IPv6 address; returns the canonical text that the trail has. Throws UsageError. */
export function parseAddressInput(text: string): string {
  const given = text.trim();
  const version = given.includes('%') ? 0 : isIP(given);
  if (version === 4) return given;
  if (version === 6) return new URL(`http://[${given}]`).hostname.slice(1, -1);
  throw new UsageError(`"${text}" is not an IP address`, { hint: 'write it as 198.18.0.1 or 2001:db8::1' });
}
