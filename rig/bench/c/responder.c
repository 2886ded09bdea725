/*
 * The ceiling: a DHCP server that remembers nothing and writes nothing. It takes datagrams in and sends answers by the batch, and
 * offers each client the address that its hardware address spells. Usage: responder ADDRESS FIRST-ADDRESS
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, SIZE = 1500, OPTIONS = 240, DISCOVER = 1, OFFER = 2, REQUEST = 3, ACK = 5 };

static uint8_t in[BATCH][SIZE], out[BATCH][SIZE];
static struct mmsghdr received[BATCH], answers[BATCH];
static struct iovec in_vector[BATCH], out_vector[BATCH];
static struct sockaddr_in to[BATCH];
static uint32_t server, first;

/* The value of an option, NULL if it is not there. */
static uint8_t *find(uint8_t *packet, int length, int code) {
  for (int at = OPTIONS; at + 1 < length && packet[at] != 255; at += packet[at] ? 2 + packet[at + 1] : 1)
    if (packet[at] == code && at + 2 + packet[at + 1] <= length) return packet + at + 2;
  return NULL;
}

static uint8_t *put(uint8_t *at, int code, int length, const void *value) {
  *at++ = code;
  *at++ = length;
  memcpy(at, value, length);
  return at + length;
}

static uint8_t *put32(uint8_t *at, int code, uint32_t value) {
  value = htonl(value);
  return put(at, code, 4, &value);
}

/* Writes the answer; returns its length, 0 if there is none. */
static int answer(uint8_t *question, int length, uint8_t *reply) {
  uint8_t *type = length > OPTIONS ? find(question, length, 53) : NULL;
  if (!type || (*type != DISCOVER && *type != REQUEST)) return 0;
  uint8_t *asked = find(question, length, 50), *relay = find(question, length, 82);
  uint8_t kind = *type == DISCOVER ? OFFER : ACK;
  uint32_t address = htonl(first + ((question[31] << 16 | question[32] << 8 | question[33]) & 0xffff));
  memcpy(reply, question, OPTIONS);
  reply[0] = 2;
  if (asked && kind == ACK) memcpy(&address, asked, 4);
  if (kind == ACK && memcmp(question + 12, "\0\0\0\0", 4)) memcpy(&address, question + 12, 4);
  memcpy(reply + 16, &address, 4);
  uint8_t *at = put(reply + OPTIONS, 53, 1, &kind);
  at = put32(at, 54, server);
  at = put32(at, 51, 3600);
  at = put32(at, 1, 0xffff0000);
  at = put32(at, 3, server);
  if (relay) at = put(at, 82, relay[-1], relay);
  *at++ = 255;
  while (at < reply + 300) *at++ = 0;
  return at - reply;
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  server = ntohl(inet_addr(arguments[1]));
  first = ntohl(inet_addr(arguments[2]));
  int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 4 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(67), .sin_addr.s_addr = htonl(server)};
  if (bind(fd, (struct sockaddr *)&own, sizeof own)) return perror("bind"), 1;
  for (int i = 0; i < BATCH; i++) {
    in_vector[i] = (struct iovec){in[i], SIZE};
    received[i].msg_hdr = (struct msghdr){.msg_iov = &in_vector[i], .msg_iovlen = 1};
    answers[i].msg_hdr = (struct msghdr){.msg_name = &to[i], .msg_namelen = sizeof to[i], .msg_iov = &out_vector[i], .msg_iovlen = 1};
  }
  puts("ready");
  fflush(stdout);
  for (;;) {
    int n = recvmmsg(fd, received, BATCH, MSG_WAITFORONE, NULL), m = 0;
    for (int i = 0; i < n; i++) {
      int length = answer(in[i], received[i].msg_len, out[m]);
      if (length == 0) continue;
      to[m] = (struct sockaddr_in){.sin_family = AF_INET};
      int relayed = memcmp(in[i] + 24, "\0\0\0\0", 4) != 0;
      memcpy(&to[m].sin_addr, in[i] + (relayed ? 24 : 12), 4);
      to[m].sin_port = htons(relayed ? 67 : 68);
      out_vector[m] = (struct iovec){out[m], length};
      m++;
    }
    for (int sent = 0, k; sent < m; sent += k)
      if ((k = sendmmsg(fd, answers + sent, m - sent, 0)) <= 0) break;
  }
}
