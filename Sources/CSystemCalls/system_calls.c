#define _GNU_SOURCE
#include <sys/timex.h>
#include "CSystemCalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

_Static_assert(SYSTEM_PATH_ONLY == O_PATH, "the value of most architectures, and of all that Swift knows on Linux");

/// Whether a component is "..".
static int leads_up(const char *path) {
  while (1) {
    const size_t length = strcspn(path, "/");
    if (length == 2 && path[0] == '.' && path[1] == '.') return 1;
    if (path[length] == 0) return 0;
    path += length + 1;
  }
}

int system_open_beneath(int folder, const char *path, int flags) {
  // RESOLVE_BENEATH lets it be where it stays below.
  if (leads_up(path)) {
    errno = EXDEV;
    return -1;
  }
  const struct open_how how = {
      .flags = (unsigned)(flags | O_CLOEXEC), .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
  // EAGAIN: something was renamed meanwhile.
  for (int attempt = 0; attempt < 16; ++attempt) {
    const long descriptor = syscall(SYS_openat2, folder, path, &how, sizeof how);
    if (descriptor >= 0) return (int)descriptor;
    if (errno != EAGAIN && errno != EINTR) break;
  }
  // A filter that doesn't know the call may answer either.
  if (errno != EAGAIN && errno != ENOSYS && errno != EPERM) return -1;
  return system_walk_beneath(folder, path, flags);
}

int system_walk_beneath(int folder, const char *path, int flags) {
  int parent = folder;
  while (1) {
    char name[256];
    const size_t length = strcspn(path, "/");
    if (length >= sizeof name) {
      errno = ENAMETOOLONG;
      break;
    }
    memcpy(name, path, length);
    name[length] = 0;
    if (length == 0 || strcmp(name, "..") == 0) {
      errno = length == 0 ? ENOENT : EXDEV;
      break;
    }
    path += length + strspn(path + length, "/");
    const int is_last = *path == 0;
    const int descriptor =
        openat(parent, name, (is_last ? flags : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC);
    const int code = errno;
    if (parent != folder) close(parent);
    errno = code;
    if (descriptor < 0 || is_last) return descriptor;
    parent = descriptor;
  }
  const int code = errno;
  if (parent != folder) close(parent);
  errno = code;
  return -1;
}

int system_sync_file_system(int descriptor) { return syncfs(descriptor); }

int system_await_written(int descriptor) {
  return sync_file_range(
      descriptor, 0, 0,
      SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
}

void system_begin_writing(int descriptor) { (void)sync_file_range(descriptor, 0, 0, SYNC_FILE_RANGE_WRITE); }

int system_open_pipe(int *ends) { return pipe2(ends, O_CLOEXEC); }

int system_clock_is_kept(void) {
  struct timex state = {0};
  int answer = adjtimex(&state);
  return answer < 0 ? -1 : answer != TIME_ERROR;
}
