#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Headers are older than kernels: numbers and flags as in include/uapi/linux/landlock.h. The calls have the same numbers
// on every architecture.
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446 };

enum {
  EXECUTE = 1 << 0, WRITE_FILE = 1 << 1, READ_FILE = 1 << 2, READ_DIR = 1 << 3, REMOVE_DIR = 1 << 4,
  REMOVE_FILE = 1 << 5, MAKE_CHAR = 1 << 6, MAKE_DIR = 1 << 7, MAKE_REG = 1 << 8, MAKE_SOCK = 1 << 9,
  MAKE_FIFO = 1 << 10, MAKE_BLOCK = 1 << 11, MAKE_SYM = 1 << 12,
  REFER = 1 << 13,      // version 2
  TRUNCATE = 1 << 14,   // version 3
  IOCTL_DEV = 1 << 15,  // version 5
};

struct ruleset {
  uint64_t files;
  uint64_t network;  // version 4
  uint64_t scoped;   // version 6
};

struct path_rule {
  uint64_t allowed;
  int32_t parent;
} __attribute__((packed));

int sandbox_landlock_version(void) {
  long version = syscall(CREATE_RULESET, NULL, 0, 1);
  return version > 0 ? (int)version : 0;
}

/// What a version knows.
static uint64_t known(int version) {
  uint64_t files = REFER - 1;
  if (version >= 2) files |= REFER;
  if (version >= 3) files |= TRUNCATE;
  if (version >= 5) files |= IOCTL_DEV;
  return files;
}

enum { BIND_TCP = 1 << 0, CONNECT_TCP = 1 << 1 };

int sandbox_rules_begin(int version, int network, int *rules) {
  struct ruleset set = {
    .files = known(version),
    // What is named here is forbidden.
    .network =
      (network & SANDBOX_LISTEN ? 0 : BIND_TCP) | (network & SANDBOX_CONNECT ? 0 : CONNECT_TCP),
    .scoped = 3,   // abstract UNIX sockets and signals to processes outside
  };
  size_t size = version >= 6 ? sizeof set : version >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
  long descriptor = syscall(CREATE_RULESET, &set, size, 0);
  if (descriptor < 0) return errno;
  *rules = (int)descriptor;
  return 0;
}

int sandbox_rules_allow(int rules, int version, const char *path, int rights) {
  int parent = open(path, O_PATH | O_CLOEXEC);
  if (parent < 0) return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : errno;
  uint64_t allowed = 0;
  if (rights & SANDBOX_READ) allowed |= READ_FILE | READ_DIR;
  if (rights & SANDBOX_WRITE)
    allowed |= WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER | TRUNCATE;
  if (rights & SANDBOX_EXECUTE) allowed |= EXECUTE;
  struct stat status;
  int code = fstat(parent, &status) == 0 ? 0 : errno;
  if (code == 0 && !S_ISDIR(status.st_mode)) allowed &= EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE;
  struct path_rule rule = { .allowed = allowed & known(version), .parent = parent };
  if (code == 0 && syscall(ADD_RULE, rules, 1, &rule, 0) != 0) code = errno;
  close(parent);
  return code;
}

int sandbox_rules_allow_mapped(int rules, int version, int rights) {
  FILE *maps = fopen("/proc/self/maps", "re");
  if (maps == NULL) return errno;
  char *line = NULL;
  size_t room = 0;
  ssize_t length;
  int code = 0;
  while (code == 0 && (length = getline(&line, &room, maps)) > 0) {
    // No other field has a slash.
    char *path = strchr(line, '/');
    if (path == NULL) continue;
    if (line[length - 1] == '\n') line[length - 1] = 0;
    code = sandbox_rules_allow(rules, version, path, rights);
  }
  free(line);
  fclose(maps);
  return code;
}

int sandbox_rules_enter(int rules) {
  int code = sandbox_no_new_privileges();
  if (code == 0 && syscall(RESTRICT_SELF, rules, 0) != 0) code = errno;
  close(rules);
  return code;
}

int sandbox_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno; }
