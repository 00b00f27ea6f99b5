// The least that answers: a web server for comparison, which sends so many bytes for each path and does nothing else.
//
// answer PORT PATH BYTES [PATH BYTES]...     until it is killed; any other path gets 404
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct reply {
  const char *path;
  char *bytes;
  size_t length;
};

static struct reply made(const char *path, const char *status, size_t body) {
  struct reply reply = {path, malloc(body + 128), 0};
  int head = snprintf(reply.bytes, 128, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", status, body);
  memset(reply.bytes + head, 'x', body);
  reply.length = head + body;
  return reply;
}

int main(int count, char **words) {
  if (count < 4) return 64;
  int paths = (count - 2) / 2, one = 1;
  struct reply *replies = calloc(paths + 1, sizeof *replies);
  for (int i = 0; i < paths; i++) replies[i] = made(words[2 + 2 * i], "200 OK", atol(words[3 + 2 * i]));
  replies[paths] = made(NULL, "404 Not Found", 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(server, (struct sockaddr *)&address, sizeof address) != 0 || listen(server, 128) != 0) return 71;
  int poll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event wanted = {.events = EPOLLIN, .data.fd = server};
  epoll_ctl(poll, EPOLL_CTL_ADD, server, &wanted);
  while (1) {
    struct epoll_event events[64];
    int ready = epoll_wait(poll, events, 64, -1);
    for (int e = 0; e < ready; e++) {
      int s = events[e].data.fd;
      if (s == server) {
        s = accept4(server, NULL, NULL, SOCK_CLOEXEC);
        setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        wanted.data.fd = s;
        epoll_ctl(poll, EPOLL_CTL_ADD, s, &wanted);
        continue;
      }
      // One request at a time comes, and whole: who asks waits for its answer.
      char request[4096];
      ssize_t n = recv(s, request, sizeof request - 1, 0);
      if (n <= 0) {
        close(s);
        continue;
      }
      request[n] = 0;
      char *path = strchr(request, ' '), *end = path ? strchr(path + 1, ' ') : NULL;
      if (end) *end = 0;
      struct reply *reply = replies;
      while (reply->path && (!end || strcmp(reply->path, path + 1) != 0)) reply++;
      for (size_t sent = 0; sent < reply->length;) {
        ssize_t part = send(s, reply->bytes + sent, reply->length - sent, MSG_NOSIGNAL);
        if (part <= 0) break;
        sent += part;
      }
    }
  }
}
