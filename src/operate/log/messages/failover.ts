import type { MessageDefinition } from './definition.js';

/** The failover pair. */
export const FAILOVER_MESSAGES = {
  'failover-state': {
    level: 'info',
    text: 'Failover {name}: this server moves from {from} to {to}: {reason}',
    help: 'The new state decides which clients this server answers, see docs/failover.md. It is stored before the partner hears of it',
  },
  'failover-partner-state': {
    level: 'info',
    text: 'Failover {name}: partner moves from {from} to {to}',
    help: 'The partner reported its state. Nothing to do',
  },
  'failover-connected': {
    level: 'info',
    text: "Failover {name}: connected with the partner, this clock is {clockAhead} s ahead of the partner's",
    help: 'A negative number means behind. Both servers agree on the relationship. If the clocks differ by more than 60 s, both servers refuse the connection',
  },
  'failover-disconnected': {
    level: 'warn',
    text: 'Failover {name}: connection with the partner is lost: {reason}',
    help: 'This server tries to connect every 5 seconds. Both servers go on, each with its own free addresses. If the partner will be down for long, tell this server: `portledger failover partner-down`',
  },
  'failover-refused-by-partner': {
    level: 'error',
    text: 'Failover {name}: partner refuses the connection: {reason} ({code})',
    help: 'Compare name, addresses and clocks of both servers. The number is the reject-reason of the protocol',
  },
  'failover-refused': {
    level: 'error',
    text: 'Failover {name}: connection of the partner is refused: {reason}',
    help: 'Compare name, roles, addresses, hash buckets and clocks of both servers',
  },
  'failover-clocks-differ': {
    level: 'error',
    text: 'Failover {name}: the clocks of both servers differ by {seconds} s, at most 60 are allowed',
    help: 'The pair does not work until the clocks agree. Let both follow NTP',
  },
  'failover-broken-message': {
    level: 'error',
    text: 'Failover {name}: connection is closed because of what the partner sent: {reason}',
    help: 'The bytes are no message of the protocol, or the message is not allowed in this state. No failover server runs at the address of the partner, or a faulty one',
  },
  'failover-pools-differ': {
    level: 'error',
    text: 'Failover {name}: {address} is in no shared pool of {whose}, but in one of the other server',
    help: 'Both servers must share the same ranges. Correct the wrong one and restart that server. Logged once for each connection, with the first such address',
  },
  'failover-update-rejected': {
    level: 'warn',
    text: 'Failover {name}: partner rejects update of {address} to {status}: {reason} ({code})',
    help: 'Reason 16 (less critical) is normal when both servers changed the address at once, mostly at the first contact. Any other reason means that the servers know different things about the address; the next change of the lease corrects that',
  },
  'failover-update-refused': {
    level: 'warn',
    text: 'Failover {name}: update of {address} to {status} by the partner is rejected: {reason} ({code})',
    help: 'As failover-update-rejected, with the roles exchanged',
  },
  'failover-conflict': {
    level: 'error',
    text: 'Failover {name}: {address} was leased to {kept}, which keeps it, and to {lost} at once',
    help: 'Both servers leased the address. That happens only if an operator wrongly said that the partner is down. The client that was heard last keeps the address; the other one gets a NAK at its next renewal',
  },
  'failover-balanced': {
    level: 'info',
    text: 'Failover {name}: the partner gets free addresses ({moved})',
    help: 'Each server needs free addresses of its own to go on alone. Nothing to do',
  },
  'failover-updates-requested': {
    level: 'info',
    text: 'Failover {name}: partner asked for updates ({what})',
    help: 'The partner lost contact, or its memory. Nothing to do',
  },
  'failover-updates-done': {
    level: 'info',
    text: 'Failover {name}: partner has sent all its updates',
    help: 'Nothing to do',
  },
  'failover-partner-lost-memory': {
    level: 'warn',
    text: 'Failover {name}: partner lost its memory, or was shut down out of contact: leases that it may have extended end later (leases: {count})',
    help: 'A partner without its queue file may have promised more than this server knows, by at most mclt. Nothing to do',
  },
  'failover-partner-roused': {
    level: 'warn',
    text: 'Failover {name}: partner does not answer; this server reports its recovery as done, so that the partner sends its pending updates',
    help: 'A dhcpd in partner-down withholds updates that were under way when a connection broke. This server answers nobody until they have come. Nothing to do; if the state does not become normal, restart dhcpd',
  },
  'failover-unreachable': {
    level: 'warn',
    text: 'Failover {name}: partner cannot be reached at {place}: {error}',
    help: 'This server tries every 5 seconds, and logs again if the cause changes. If the partner is up: compare peer-address and peer-port with its address and port, look for firewalls between, and check that `address` belongs to this machine',
  },
  'failover-fault': {
    level: 'error',
    text: 'Failover {name}: internal fault, the connection is opened again: {error}',
    help: 'A bug in Portledger. Nothing that was stored is lost, and the partner gets all updates again. Please report it',
  },
  'failover-forgotten': {
    level: 'warn',
    text: 'Stored state of failover relationships and pools is deleted, because the configuration lacks them or gives them another role (relationships: {relationships}; addresses: {addresses})',
    help: 'Normal after such a change of the configuration. If a name, role or range was wrong for one start, correct it: this server then asks its partner for everything, and answers nobody in the shared pools until mclt has passed. To change a name or role for good, change it at both servers: neither answers until then',
  },
  'failover-asks-anew': {
    level: 'warn',
    text: 'Failover {name}: this server ran without some of the addresses, so it asks its partner for everything',
    help: 'A range was missing from the configuration, or wrong, for one start, and is back. Nobody in the shared pools gets an answer until the partner has sent everything and mclt has passed. Nothing to do',
  },
  'failover-command-refused': {
    level: 'warn',
    text: 'Failover {name}: command {command} is refused: {reason}',
    help: 'The state of the relationship does not allow it, see `portledger failover status`',
  },
  'failover-stranger': {
    level: 'warn',
    text: 'Connection from {source} to failover port {port} is closed: no relationship has this address as peer-address',
    help: 'Only partners may connect. If this is a partner, correct peer-address. Otherwise keep strangers away from the port',
  },
  'failover-too-many-connections': {
    level: 'warn',
    text: 'Failover {name}: partner has {count} open connections, further ones are closed at once',
    help: 'One is enough. Look at what runs on the address of the partner',
  },
  'failover-partner-reads-nothing': {
    level: 'warn',
    text: 'Failover {name}: connection is closed, partner left {octets} octets unread',
    help: 'The partner is overloaded or faulty. The connection is opened again',
  },
  'failover-socket-fault': {
    level: 'warn',
    text: 'Failover socket {place}: {error}',
    help: 'The server goes on listening',
  },
} as const satisfies Record<string, MessageDefinition>;
