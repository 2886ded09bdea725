/** What a switch writes into Option 82 for one of its ports, and the port's name. */
export interface PortLabel {
  switchName: string;
  portName: string;
  remoteId: Buffer;
  circuitId: Buffer;
}

const CISCO_VLAN = 10;
const CISCO_MODULE = 1;

/**
 * The label of a port, both counted from 1. Odd switches write text; even ones the binary form of Cisco Catalyst switches: type and length,
 * then VLAN, module and port, and type and length, then the hardware address.
 */
export function portLabel(switchNumber: number, port: number): PortLabel {
  const switchName = `sw-${switchNumber}`;
  if (switchNumber % 2 === 1) {
    const portName = `Gi1/0/${port}`;
    return { switchName, portName, remoteId: Buffer.from(switchName), circuitId: Buffer.from(portName) };
  }
  return {
    switchName,
    portName: `${CISCO_MODULE}/${port}`,
    remoteId: Buffer.from([0, 6, 2, 0, 0x5e, 0, 0, switchNumber]),
    circuitId: Buffer.from([0, 4, 0, CISCO_VLAN, CISCO_MODULE, port]),
  };
}

/** The payload of Option 82: circuit-id (sub-option 1), then remote-id (2). */
export function option82Of({ circuitId, remoteId }: PortLabel): Buffer {
  return Buffer.concat([Buffer.from([1, circuitId.length]), circuitId, Buffer.from([2, remoteId.length]), remoteId]);
}
