/** Codes of the options that the server itself reads or writes (RFC 2132 section 9 and others). */
export const OPTION = {
  pad: 0,
  subnetMask: 1,
  routers: 3,
  hostName: 12,
  broadcastAddress: 28,
  requestedAddress: 50,
  leaseTime: 51,
  overload: 52,
  messageType: 53,
  serverIdentifier: 54,
  parameterRequestList: 55,
  message: 56,
  maxMessageSize: 57,
  renewalTime: 58,
  rebindingTime: 59,
  vendorClass: 60,
  clientIdentifier: 61,
  tftpServerName: 66,
  bootFileName: 67,
  clientFqdn: 81,
  relayAgentInformation: 82,
  subnetSelection: 118,
  end: 255,
} as const;

/** Values of option 53 (RFC 2131, RFC 3203, RFC 4388, RFC 6926, RFC 7724). */
export const MESSAGE_TYPE = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
  forcerenew: 9,
  leasequery: 10,
  leaseunassigned: 11,
  leaseunknown: 12,
  leaseactive: 13,
  bulkleasequery: 14,
  leasequerydone: 15,
  activeleasequery: 16,
  leasequerystatus: 17,
  tls: 18,
} as const;

const NAMES = new Map<number, string>(
  Object.entries(MESSAGE_TYPE).map(([name, type]) => [type, `DHCP${name.toUpperCase()}`]),
);

/** `DHCPDISCOVER` ...; a type without a name is shown by its number, no type (BOOTP) as `BOOTP`. */
export function messageTypeName(type: number | undefined): string {
  if (type === undefined) return 'BOOTP';
  return NAMES.get(type) ?? `type ${type}`;
}
