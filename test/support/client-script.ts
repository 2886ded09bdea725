import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A call of a DHCP client's script; dhclient's variables are translated to udhcpc's. */
export interface ClientEvent {
  event: 'deconfig' | 'bound' | 'renew' | 'nak' | 'leasefail';
  /** The client's own name of the event: BOUND, RENEW, REBIND, REBOOT ... or udhcpc's. */
  reason: string;
  address: string | undefined;
  server: string | undefined;
  leaseSeconds: number | undefined;
}

/**
 * Writes the script that dhclient and udhcpc call: it sets the interface's address and default route and records each call. Returns the
 * paths of the script and of its record.
 */
export function writeClientScript(folder: string): { script: string; notes: string } {
  const script = join(folder, 'client-script');
  const notes = join(folder, 'client-notes');
  writeFileSync(script, SCRIPT.replace('@NOTES@', notes), { mode: 0o755 });
  return { script, notes };
}

const SCRIPT = `#!/bin/sh
why=\${reason:-$1}
address=\${new_ip_address:-$ip}
mask=\${new_subnet_mask:-$subnet}
gateway=\${new_routers:-$router}
case $why in
BOUND|REBOOT|bound) event=bound ;;
RENEW|REBIND|renew) event=renew ;;
FAIL|leasefail) event=leasefail ;;
NAK|nak) event=nak ;;
PREINIT|EXPIRE|STOP|RELEASE|deconfig) event=deconfig ;;
*) exit 0 ;;
esac
ip link set "$interface" up
case $event in
bound|renew)
  ip -4 address replace "$address/$mask" dev "$interface"
  for one in $gateway; do ip -4 route replace default via "$one" dev "$interface"; done ;;
deconfig|nak|leasefail)
  ip -4 address flush dev "$interface" ;;
esac
printf '%s|%s|%s|%s|%s\\n' "$event" "$why" "$address" "\${new_dhcp_server_identifier:-$serverid}" \\
  "\${new_dhcp_lease_time:-$lease}" >>'@NOTES@'
exit 0
`;

/** Reads the calls recorded so far, oldest first. */
export function readClientEvents(notes: string): ClientEvent[] {
  if (!existsSync(notes)) return [];
  const lines = readFileSync(notes, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => {
    const [event, reason, address, server, leaseSeconds] = line.split('|');
    return {
      event: event as ClientEvent['event'],
      reason: reason!,
      address: address || undefined,
      server: server || undefined,
      leaseSeconds: leaseSeconds ? Number(leaseSeconds) : undefined,
    };
  });
}
