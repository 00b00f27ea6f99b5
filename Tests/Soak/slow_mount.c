// Preloaded, makes every call that concerns a folder, or what lies below it, take long: a mount behind a bad network.
// SLOW_MOUNT is the folder, SLOW_MILLISECONDS the delay.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void delay_if(int concerns) {
  const char *text = getenv("SLOW_MILLISECONDS");
  const long milliseconds = text ? atol(text) : 0;
  if (!concerns || milliseconds <= 0) return;
  const struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&pause, NULL);
}

static int is_slow(const char *path) {
  const char *mount = getenv("SLOW_MOUNT");
  return mount && path && strncmp(path, mount, strlen(mount)) == 0;
}

static int is_open_on_slow(int folder) {
  char link[64], path[PATH_MAX];
  if (folder < 0) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return is_slow(path);
}

static int concerns(int folder, const char *path) {
  return path && *path == '/' ? is_slow(path) : is_open_on_slow(folder);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int open(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const int mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(list, int) : 0;
  va_end(list);
  delay_if(is_slow(path));
  return NEXT(open)(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const int mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(list, int) : 0;
  va_end(list);
  delay_if(concerns(folder, path));
  return NEXT(openat)(folder, path, flags, mode);
}

// openat2(2) comes this way.
long syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long a[6];
  for (int i = 0; i < 6; ++i) a[i] = va_arg(list, long);
  va_end(list);
  if (number == SYS_openat2) delay_if(concerns((int)a[0], (const char *)a[1]));
  return NEXT(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int fstatat(int folder, const char *path, struct stat *status, int flags) {
  delay_if(concerns(folder, path));
  return NEXT(fstatat)(folder, path, status, flags);
}

int lstat(const char *path, struct stat *status) {
  delay_if(is_slow(path));
  return NEXT(lstat)(path, status);
}

int renameat(int folder, const char *path, int other, const char *name) {
  delay_if(concerns(folder, path) || concerns(other, name));
  return NEXT(renameat)(folder, path, other, name);
}

int linkat(int folder, const char *path, int other, const char *name, int flags) {
  delay_if(concerns(folder, path) || concerns(other, name));
  return NEXT(linkat)(folder, path, other, name, flags);
}

int unlinkat(int folder, const char *path, int flags) {
  delay_if(concerns(folder, path));
  return NEXT(unlinkat)(folder, path, flags);
}
