/*
 * Preloaded, gives each socket that a program binds room for as much as the other programs of the bench have. By default some 200
 * answers fit in, and those that perfdhcp comes too late to read would be told as lost by the server.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

int bind(int fd, const struct sockaddr *address, socklen_t length) {
  int (*next)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "bind");
  int size = 4 << 20;
  if (address->sa_family == AF_INET && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size))
    perror("SO_RCVBUFFORCE"), exit(1);
  return next(fd, address, length);
}
