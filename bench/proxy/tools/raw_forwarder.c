/* The floor: bytes from one socket to another, no HTTP. One connection to the origin for each of a
 * client's. Edge-triggered epoll, one thread. raw_forwarder PORT ORIGIN_PORT, on loopback. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct side {
  int fd;
  struct side* other;
  char* waiting; /* not taken by this side yet */
  size_t from, length;
  struct side* next_dead;
};

static char buffer[256 * 1024];
static int epoll_fd;
static struct side* dead;

static struct sockaddr_in loopback(int port) {
  struct sockaddr_in out = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

static void end(struct side* side) {
  struct side* both[] = {side, side->other};
  for (int i = 0; i < 2; ++i) {
    if (both[i]->fd < 0) continue;
    close(both[i]->fd);
    both[i]->fd = -1;
    both[i]->next_dead = dead;
    dead = both[i];
  }
}

static void pump(struct side* from) {
  struct side* to = from->other;
  while (from->fd >= 0 && to->length == 0) {
    ssize_t got = recv(from->fd, buffer, sizeof buffer, 0);
    if (got == 0 || (got < 0 && errno != EAGAIN)) {
      end(from);
      return;
    }
    if (got < 0) return;
    ssize_t sent = send(to->fd, buffer, (size_t)got, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
      end(from);
      return;
    }
    if (sent < 0) sent = 0;
    if (sent < got) {
      to->length = (size_t)(got - sent);
      to->from = 0;
      to->waiting = malloc(to->length);
      memcpy(to->waiting, buffer + sent, to->length);
    } else if ((size_t)got < sizeof buffer) {
      return; /* a short read emptied the socket */
    }
  }
}

static void flush(struct side* to) {
  while (to->length > 0) {
    ssize_t sent = send(to->fd, to->waiting + to->from, to->length, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno != EAGAIN) end(to);
      return;
    }
    to->from += (size_t)sent;
    to->length -= (size_t)sent;
  }
  free(to->waiting);
  to->waiting = NULL;
  pump(to->other);
}

static void watch(struct side* side) {
  int on = 1;
  setsockopt(side->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = side};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, side->fd, &event);
}

int main(int count, char** words) {
  if (count != 3) return 2;
  struct sockaddr_in own = loopback(atoi(words[1])), origin = loopback(atoi(words[2]));
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr*)&own, sizeof own) != 0 || listen(listener, 65535) != 0) return 1;
  epoll_fd = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[512];
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event);
  while (1) {
    int ready = epoll_wait(epoll_fd, events, 512, -1);
    for (int i = 0; i < ready; ++i) {
      struct side* side = events[i].data.ptr;
      if (side == NULL) {
        int client;
        while ((client = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
          struct side* a = calloc(1, sizeof *a);
          struct side* b = calloc(1, sizeof *b);
          a->fd = client;
          b->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
          connect(b->fd, (struct sockaddr*)&origin, sizeof origin);
          a->other = b;
          b->other = a;
          watch(a);
          watch(b);
        }
        continue;
      }
      if (side->fd >= 0 && (events[i].events & EPOLLOUT) && side->length > 0) flush(side);
      if (side->fd >= 0) pump(side);
    }
    while (dead != NULL) {
      struct side* gone = dead;
      dead = gone->next_dead;
      free(gone->waiting);
      free(gone);
    }
  }
}
