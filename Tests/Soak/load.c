// Asks a web server at a given rate, however it answers, and tells how long answers took from the moment at which each
// was due: one that is slow makes those behind it late, and that counts.
//
// load PORT RATE SECONDS CONNECTIONS PATH...      prints one JSON object
//
// One thread, no more than what asking takes, so that it can run beside what is measured.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { LONGEST_HEAD = 4096 };

struct connection {
  int socket;
  int busy;
  double due;
  // The head of the answer as far as it is there, and the bytes of the body still to come; -1: the head isn't whole.
  char head[LONGEST_HEAD];
  int length;
  long rest;
};

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static int connected(int port) {
  int one = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (s < 0 || connect(s, (struct sockaddr *)&address, sizeof address) != 0) return -1;
  setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  fcntl(s, F_SETFL, O_NONBLOCK);
  return s;
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

int main(int count, char **words) {
  if (count < 6) return 64;
  int port = atoi(words[1]), connections = atoi(words[4]), paths = count - 5;
  double rate = atof(words[2]), seconds = atof(words[3]);
  long most = (long)(rate * seconds) + 16;
  double *took = calloc(most, sizeof *took);
  struct connection *all = calloc(connections, sizeof *all);
  int *idle = calloc(connections, sizeof *idle), idle_count = 0;
  char (*requests)[512] = calloc(paths, sizeof *requests);
  for (int i = 0; i < paths; i++)
    snprintf(requests[i], sizeof requests[i], "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", words[5 + i], port);
  int poll = epoll_create1(EPOLL_CLOEXEC), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct itimerspec tick = {.it_interval.tv_nsec = 1000000, .it_value.tv_nsec = 1000000};
  timerfd_settime(timer, 0, &tick, NULL);
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = UINT32_MAX};
  epoll_ctl(poll, EPOLL_CTL_ADD, timer, &event);
  long errors = 0, statuses[6] = {0}, asked = 0, answered = 0, bytes = 0, opened = 0;
  for (int i = 0; i < connections; i++) {
    all[i].socket = -1;
    idle[idle_count++] = i;
  }
  static char buffer[1 << 16];
  double begun = now(), end = begun + seconds, patience = end + 10;
  while (answered + errors < asked || now() < end) {
    if (now() > patience) break;
    struct epoll_event events[64];
    int ready = epoll_wait(poll, events, 64, 100);
    for (int e = 0; e < ready; e++) {
      if (events[e].data.u32 == UINT32_MAX) {
        unsigned long ticks;
        if (read(timer, &ticks, sizeof ticks) < 0) continue;
        continue;
      }
      int i = events[e].data.u32;
      struct connection *c = &all[i];
      ssize_t n;
      while ((n = recv(c->socket, buffer, sizeof buffer, 0)) > 0) {
        char *at = buffer;
        bytes += n;
        while (n > 0) {
          if (c->rest < 0) {
            int room = LONGEST_HEAD - 1 - c->length, part = n < room ? n : room;
            memcpy(c->head + c->length, at, part);
            c->head[c->length + part] = 0;
            char *whole = strstr(c->head, "\r\n\r\n");
            if (!whole && part == room) { n = -1; break; }
            if (!whole) { c->length += part; n = 0; break; }
            int used = whole + 4 - c->head - c->length;
            c->length += used;
            c->head[c->length] = 0;
            char *field = strcasestr(c->head, "\r\ncontent-length:");
            c->rest = field ? atol(field + 17) : 0;
            at += used, n -= used;
          }
          long part = n < c->rest ? n : c->rest;
          c->rest -= part, at += part, n -= part;
          if (c->rest == 0 && c->busy) {
            int kind = c->head[9] - '0';
            statuses[kind >= 1 && kind <= 5 ? kind : 0]++;
            if (answered < most) took[answered] = now() - c->due;
            answered++;
            c->busy = 0, c->length = 0, c->rest = -1;
            idle[idle_count++] = i;
          }
        }
        if (n < 0) break;
      }
      if (n == 0 || (n < 0 && errno != EAGAIN)) {
        close(c->socket);
        c->socket = -1;
        if (c->busy) {
          errors++;
          c->busy = 0;
          idle[idle_count++] = i;
        }
      }
    }
    // What is due by now goes out, as far as there are connections.
    double time = now();
    while (idle_count > 0 && asked < (long)((time < end ? time - begun : seconds) * rate)) {
      int i = idle[--idle_count];
      struct connection *c = &all[i];
      c->due = begun + asked / rate;
      if (c->socket < 0) {
        c->socket = connected(port);
        opened++;
        if (c->socket < 0) {
          asked++, errors++;
          idle[idle_count++] = i;
          break;
        }
        struct epoll_event wanted = {.events = EPOLLIN, .data.u32 = i};
        epoll_ctl(poll, EPOLL_CTL_ADD, c->socket, &wanted);
      }
      c->busy = 1, c->length = 0, c->rest = -1;
      char *text = requests[asked % paths];
      asked++;
      if (send(c->socket, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text)) {
        close(c->socket);
        c->socket = -1, c->busy = 0, errors++;
        idle[idle_count++] = i;
      }
    }
  }
  double wall = now() - begun;
  long measured = answered < most ? answered : most;
  qsort(took, measured, sizeof *took, by_size);
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double own = usage.ru_utime.tv_sec + usage.ru_utime.tv_usec / 1e6 + usage.ru_stime.tv_sec + usage.ru_stime.tv_usec / 1e6;
#define AT(part) (measured ? took[(long)((measured - 1) * (part))] * 1000 : 0)
  printf("{\"asked\": %ld, \"answered\": %ld, \"errors\": %ld, \"unanswered\": %ld, \"ok\": %ld, \"refused\": %ld, \"per_second\": %.1f, "
         "\"megabytes\": %.1f, \"connections_opened\": %ld, \"p50_ms\": %.2f, \"p90_ms\": %.2f, \"p99_ms\": %.2f, \"p999_ms\": %.2f, "
         "\"max_ms\": %.2f, \"own_processor_s\": %.2f}\n",
         asked, answered, errors, asked - answered - errors, statuses[2], statuses[4] + statuses[5], answered / wall, bytes / 1e6, opened,
         AT(0.5), AT(0.9), AT(0.99), AT(0.999), AT(1), own);
  return 0;
}
