/*
 * What perfdhcp cannot do: a relay with many ports behind it, renewals alone, and percentiles.
 * Usage: load SERVER RELAY RATE SECONDS CLIENTS PORTS exchange|renew
 * `exchange`: DISCOVER, OFFER, REQUEST, ACK through the relay, with an Option 82 if PORTS is not 0.
 * `renew`: every client gets its lease that way first, unmeasured; then unicast renewals, which are answered to the client's address.
 * Prints one JSON object; delays are what the server took for a whole exchange (or a renewal), microseconds: from each request to the moment at which
 * the kernel had its answer, whenever this program came to read it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, SIZE = 600, OPTIONS = 240, DISCOVER = 1, OFFER = 2, REQUEST = 3, ACK = 5, WAIT = 1000000 };

struct client {
  uint64_t asked; /* when the last request left; 0: nothing is under way */
  uint32_t took;  /* microseconds, for the answers before */
  uint32_t address, server;
};

static struct client *clients;
static uint32_t *delays;
static long count, ports, sent, answered;
static int renewing, relay_fd, client_fd;
static struct sockaddr_in server, relay;

static uint64_t micros(struct timespec t) { return t.tv_sec * 1000000ull + t.tv_nsec / 1000; }

static uint64_t read_clock(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return micros(t);
}

static uint64_t now(void) { return read_clock(CLOCK_MONOTONIC); }

/* By the clock of the kernel's time stamps. */
static uint64_t wall(void) { return read_clock(CLOCK_REALTIME); }

/* When the kernel had a message. */
static uint64_t arrival(struct msghdr *message) {
  struct timespec t;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c))
    if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) return memcpy(&t, CMSG_DATA(c), sizeof t), micros(t);
  return wall();
}

static uint8_t *put(uint8_t *at, int code, int length, const void *value) {
  *at++ = code;
  *at++ = length;
  memcpy(at, value, length);
  return at + length;
}

static uint8_t *put_port(uint8_t *at, long port) {
  char value[96], circuit[40], remote[40];
  int c = sprintf(circuit, "Gi1/0/%ld", port % 50 + 1), r = sprintf(remote, "sw-%04ld", port / 50);
  value[0] = 1, value[1] = c, memcpy(value + 2, circuit, c);
  value[2 + c] = 2, value[3 + c] = r, memcpy(value + 4 + c, remote, r);
  return put(at, 82, 4 + c + r, value);
}

/* Clients that have an address send from it: to a server they are as many senders. */
static void send_from(uint32_t source, uint8_t *packet, int length) {
  union {
    struct cmsghdr header;
    uint8_t bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
  } control;
  struct iovec data = {packet, length};
  struct in_pktinfo from = {.ipi_spec_dst.s_addr = source};
  memset(&control, 0, sizeof control);
  control.header = (struct cmsghdr){CMSG_LEN(sizeof from), IPPROTO_IP, IP_PKTINFO};
  memcpy(CMSG_DATA(&control.header), &from, sizeof from);
  struct msghdr message = {&server, sizeof server, &data, 1, &control, sizeof control, 0};
  sendmsg(client_fd, &message, 0);
}

/* Sends what client i has to say now: a DISCOVER, a REQUEST after an offer, or a renewal. */
static void ask(long i, uint8_t type, int unicast) {
  static uint8_t packet[SIZE];
  struct client *c = &clients[i];
  memset(packet, 0, sizeof packet);
  uint32_t xid = htonl(i + 1);
  packet[0] = 1, packet[1] = 1, packet[2] = 6, packet[3] = unicast ? 0 : 1;
  memcpy(packet + 4, &xid, 4);
  if (unicast) memcpy(packet + 12, &c->address, 4);
  else memcpy(packet + 24, &relay.sin_addr, 4);
  packet[28] = 2, packet[30] = i >> 24, packet[31] = i >> 16, packet[32] = i >> 8, packet[33] = i;
  memcpy(packet + 236, "\x63\x82\x53\x63", 4);
  uint8_t *at = put(packet + OPTIONS, 53, 1, &type);
  if (type == REQUEST && !unicast) at = put(put(at, 54, 4, &c->server), 50, 4, &c->address);
  at = put(at, 55, 6, "\x01\x03\x06\x0f\x33\x36");
  if (ports && !unicast) at = put_port(at, i % ports);
  *at++ = 255;
  int length = at - packet < 300 ? 300 : at - packet;
  c->asked = wall();
  if (unicast) send_from(c->address, packet, length);
  else sendto(relay_fd, packet, length, 0, (struct sockaddr *)&server, sizeof server);
}

static void take(uint8_t *packet, int length, uint64_t at_kernel, int measured) {
  uint8_t type = 0;
  uint32_t xid, identifier = 0;
  if (length < OPTIONS) return;
  memcpy(&xid, packet + 4, 4);
  long i = (long)ntohl(xid) - 1;
  if (i < 0 || i >= count || clients[i].asked == 0) return;
  for (int at = OPTIONS; at + 1 < length && packet[at] != 255; at += packet[at] ? 2 + packet[at + 1] : 1) {
    if (packet[at] == 53) type = packet[at + 2];
    if (packet[at] == 54) memcpy(&identifier, packet + at + 2, 4);
  }
  memcpy(&clients[i].address, packet + 16, 4);
  clients[i].server = identifier;
  /* An answer may be in before the clock was read for the request: never less than nothing */
  if (at_kernel > clients[i].asked) clients[i].took += at_kernel - clients[i].asked;
  if (type == OFFER) ask(i, REQUEST, 0);
  if (type != ACK) return;
  if (measured) delays[answered++] = clients[i].took;
  clients[i].asked = 0;
}

static void receive(int measured) {
  static uint8_t bytes[BATCH][SIZE];
  static struct iovec vector[BATCH];
  static struct mmsghdr messages[BATCH];
  static _Alignas(struct cmsghdr) uint8_t controls[BATCH][CMSG_SPACE(sizeof(struct timespec))];
  int fds[] = {relay_fd, client_fd};
  for (int k = 0; k < 2; k++) {
    for (int i = 0; i < BATCH; i++) {
      vector[i] = (struct iovec){bytes[i], SIZE};
      messages[i].msg_hdr = (struct msghdr){
          .msg_iov = &vector[i], .msg_iovlen = 1, .msg_control = controls[i], .msg_controllen = sizeof controls[i]};
    }
    int n = recvmmsg(fds[k], messages, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++) take(bytes[i], messages[i].msg_len, arrival(&messages[i].msg_hdr), measured);
  }
}

static void idle(uint64_t until) {
  struct pollfd fds[] = {{relay_fd, POLLIN, 0}, {client_fd, POLLIN, 0}};
  int64_t left = until - now();
  struct timespec t = {0, left > 200000 ? 200000000 : left * 1000};
  if (left > 0) ppoll(fds, 2, &t, NULL);
}

/*
 * Begins exchanges of the clients in turn at the rate, until the time or `limit` of them; then waits for the last answers, so that none counts
 * as lost that is on its way. Returns how many were answered a second before that.
 */
static double run(double rate, double seconds, long limit, int unicast, int measured) {
  uint64_t start = now(), end = start + seconds * 1e6;
  long begun = 0, skipped = 0;
  for (uint64_t t = start; t < end && begun < limit; t = now()) {
    while (begun < limit && start + begun / rate * 1e6 <= t) {
      long i = begun++ % count;
      if (unicast && clients[i].address == 0) { skipped++; continue; }
      clients[i].took = 0;
      ask(i, unicast ? REQUEST : DISCOVER, unicast);
      if (begun % 16 == 0) receive(measured);
    }
    receive(measured);
    idle(start + begun / rate * 1e6);
  }
  double perSecond = answered / ((now() - start) / 1e6);
  for (uint64_t last = now() + WAIT; now() < last;) receive(measured), idle(last);
  if (measured) sent += begun - skipped;
  return perSecond;
}

static int by_value(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

static int listen_on(struct sockaddr_in *own) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 4 << 20, on = 1;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)own, sizeof *own)) perror("bind"), exit(1);
  return fd;
}

static int all_have_addresses(void) {
  long i = 0;
  while (i < count && clients[i].address) i++;
  return i == count;
}

int main(int n, char **a) {
  if (n != 8) return fputs("usage: load SERVER RELAY RATE SECONDS CLIENTS PORTS exchange|renew\n", stderr), 2;
  server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(67), .sin_addr.s_addr = inet_addr(a[1])};
  relay = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(67), .sin_addr.s_addr = inet_addr(a[2])};
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(68)};
  double rate = atof(a[3]), seconds = atof(a[4]);
  count = atol(a[5]), ports = atol(a[6]), renewing = !strcmp(a[7], "renew");
  relay_fd = listen_on(&relay), client_fd = listen_on(&any);
  clients = calloc(count, sizeof *clients), delays = calloc(rate * seconds + 2, sizeof *delays);
  if (renewing)
    for (int round = 0; round < 3 && !all_have_addresses(); round++) run(3000, 600, count, 0, 0);
  double perSecond = run(rate, seconds, rate * seconds + 1, renewing, 1);
  qsort(delays, answered, sizeof *delays, by_value);
  uint32_t p50 = answered ? delays[answered / 2] : 0, p99 = answered ? delays[answered * 99 / 100] : 0;
  printf("{\"sent\":%ld,\"answered\":%ld,\"perSecond\":%.1f,\"p50\":%u,\"p99\":%u}\n", sent, answered, perSecond, p50, p99);
}
