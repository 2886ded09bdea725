/** `02:00:00:00:00:01`: lower-case hex, a colon between bytes; empty for no bytes. */
export function formatHardwareAddress(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}
