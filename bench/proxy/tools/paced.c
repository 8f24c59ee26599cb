/* Requests at a fixed rate, whatever becomes of those before: the k-th is due at k / RATE and its
 * latency counts from then, also when it had to wait for a free connection. A loop that asks again
 * when it was answered would hide every pause. HTTP/1.1, kept connections, on loopback.
 *   paced PORT RATE SECONDS CONNECTIONS    prints: requests, errors, p50, p99, p99.9 and most in us */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static const char kRequest[] = "GET /s HTTP/1.1\r\nHost: example.test\r\n\r\n";

struct connection {
  int fd;
  uint64_t due; /* of the request under way; 0: free */
  size_t got, wanted;
  char head[4096];
};

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int by_size(const void* a, const void* b) {
  uint64_t x = *(const uint64_t*)a, y = *(const uint64_t*)b;
  return x < y ? -1 : x > y;
}

static int open_one(int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || connect(fd, (struct sockaddr*)&to, sizeof to) != 0) {
    perror("paced: connect");
    exit(1);
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

/* 1: the answer is complete, 0: more is to come, -1: it is broken */
static int read_answer(struct connection* c) {
  char* into = c->head + (c->wanted == 0 ? c->got : 0);
  size_t room = sizeof c->head - 1 - (size_t)(into - c->head);
  ssize_t n = recv(c->fd, into, room, MSG_DONTWAIT);
  if (n < 0 && errno == EAGAIN) return 0;
  if (n <= 0) return -1;
  c->got += (size_t)n;
  if (c->wanted == 0) {
    c->head[c->got] = 0;
    char* end = strstr(c->head, "\r\n\r\n");
    if (end == NULL) return c->got < sizeof c->head - 1 ? 0 : -1;
    char* length = strcasestr(c->head, "\r\ncontent-length:");
    if (strncmp(c->head, "HTTP/1.1 200", 12) != 0 || length == NULL || length > end) return -1;
    c->wanted = (size_t)(end + 4 - c->head) + strtoul(length + 17, NULL, 10);
  }
  return c->got < c->wanted ? 0 : c->got == c->wanted ? 1 : -1;
}

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  int port = atoi(argv[1]), count = atoi(argv[4]);
  double rate = atof(argv[2]), seconds = atof(argv[3]);
  size_t total = (size_t)(rate * seconds), sent = 0, done = 0, errors = 0, free_count = 0;
  struct connection* all = calloc((size_t)count, sizeof *all);
  struct connection** spare = calloc((size_t)count, sizeof *spare);
  uint64_t* took = calloc(total + 1, sizeof *took);
  int events_fd = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(events_fd, EPOLL_CTL_ADD, timer, &event);
  for (int i = 0; i < count; ++i) {
    all[i].fd = open_one(port);
    event.data.ptr = &all[i];
    epoll_ctl(events_fd, EPOLL_CTL_ADD, all[i].fd, &event);
    spare[free_count++] = &all[i];
  }
  uint64_t start = now_ns() + 10000000, give_up = start + (uint64_t)(seconds * 1e9) + 5000000000u;
  while (done + errors < total && now_ns() < give_up) {
    while (sent < total && free_count > 0) {
      uint64_t due = start + (uint64_t)((double)sent * 1e9 / rate);
      if (due > now_ns()) break;
      struct connection* c = spare[--free_count];
      c->due = due;
      c->got = c->wanted = 0;
      ++sent;
      if (send(c->fd, kRequest, sizeof kRequest - 1, MSG_NOSIGNAL) != sizeof kRequest - 1) ++errors;
    }
    if (sent < total) {
      uint64_t due = start + (uint64_t)((double)sent * 1e9 / rate);
      struct itimerspec at = {.it_value = {(time_t)(due / 1000000000u), (long)(due % 1000000000u)}};
      timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
    }
    struct epoll_event events[256];
    int ready = epoll_wait(events_fd, events, 256, 100);
    for (int i = 0; i < ready; ++i) {
      struct connection* c = events[i].data.ptr;
      if (c == NULL) {
        uint64_t rung;
        if (read(timer, &rung, sizeof rung) < 0 && errno != EAGAIN) return 1;
        continue;
      }
      int end = read_answer(c);
      if (end == 0) continue;
      if (end < 0) {
        ++errors;
        close(c->fd);
        c->fd = open_one(port);
        event.data.ptr = c;
        epoll_ctl(events_fd, EPOLL_CTL_ADD, c->fd, &event);
      } else {
        took[done++] = now_ns() - c->due;
      }
      spare[free_count++] = c;
    }
  }
  if (done == 0) return 1;
  qsort(took, done, sizeof *took, by_size);
  printf("%zu %zu %.1f %.1f %.1f %.1f\n", done, total - done, (double)took[done / 2] / 1e3,
         (double)took[done * 99 / 100] / 1e3, (double)took[done * 999 / 1000] / 1e3,
         (double)took[done - 1] / 1e3);
  return 0;
}
