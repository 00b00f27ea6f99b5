// Mounts a folder over itself as an NFS client would see it: for SECONDS the kernel asks nobody what a name stands for, how
// large and how old a file is, and what a folder holds, whatever other mounts of the same folder do meanwhile. An open
// asks anew about its file (close-to-open), a name that wasn't there is asked for each time unless MISSING seconds are
// given (`lookupcache=positive`), renames take no flags, an open file that is removed lives on under a hidden name, and
// locks are the mount's own. From SIGUSR1 to SIGUSR2 there is no room left, for this mount alone. Ends with whoever
// started it.
//
//   cc -o cached_mount cached_mount.c $(pkg-config --cflags --libs fuse3)
//   unshare -m sh -c 'cached_mount FOLDER SECONDS [MISSING] & ...'
#define FUSE_USE_VERSION 35
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

static int root;
static double seconds, missing;
static volatile sig_atomic_t isFull;

static const char *below(const char *path) { return path[1] ? path + 1 : "."; }
static int answer(long result) { return result < 0 ? -errno : (int)result; }

// What a folder held when it was read last; what this mount does in it makes it be read again.
struct listing {
  struct listing *next;
  char *path;
  struct timespec read;
  size_t count;
  struct name {
    char text[256];
    struct stat status;
  } *names;
};
static struct listing *listings;
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

static void fill(int number) { isFull = number == SIGUSR1; }

static void forget(struct listing **place) {
  struct listing *gone = *place;
  *place = gone->next;
  free(gone->path), free(gone->names), free(gone);
}

static struct listing **find(const char *path, size_t length) {
  struct listing **place = &listings;
  while (*place && (strlen((*place)->path) != length || strncmp((*place)->path, path, length))) place = &(*place)->next;
  return place;
}

// Changes the folder that a path lies in.
static int changing(const char *path, long result) {
  const int code = answer(result);
  const size_t length = (size_t)(strrchr(path, '/') - path);
  pthread_mutex_lock(&guard);
  struct listing **place = find(path, length ? length : 1);
  if (*place) forget(place);
  pthread_mutex_unlock(&guard);
  return code;
}

static void *begin(struct fuse_conn_info *connection, struct fuse_config *settings) {
  connection->want &= ~(unsigned)FUSE_CAP_WRITEBACK_CACHE;
  settings->use_ino = 1;
  settings->entry_timeout = settings->attr_timeout = seconds;
  settings->negative_timeout = missing;
  return NULL;
}

static int get_attributes(const char *path, struct stat *status, struct fuse_file_info *file) {
  return answer(file ? fstat((int)file->fh, status) : fstatat(root, below(path), status, AT_SYMLINK_NOFOLLOW));
}

static int read_link(const char *path, char *text, size_t size) {
  const ssize_t length = readlinkat(root, below(path), text, size - 1);
  if (length < 0) return -errno;
  text[length] = 0;
  return 0;
}

static int make_folder(const char *path, mode_t mode) { return isFull ? -ENOSPC : changing(path, mkdirat(root, below(path), mode)); }
static int remove_file(const char *path) { return changing(path, unlinkat(root, below(path), 0)); }
static int remove_folder(const char *path) { return changing(path, unlinkat(root, below(path), AT_REMOVEDIR)); }
static int link_to(const char *target, const char *path) { return changing(path, symlinkat(target, root, below(path))); }

static int rename_to(const char *from, const char *to, unsigned flags) {
  if (flags) return -EINVAL;
  const int code = changing(from, renameat(root, below(from), root, below(to)));
  return changing(to, 0), code;
}

static int second_name(const char *from, const char *to) {
  return isFull ? -ENOSPC : changing(to, linkat(root, below(from), root, below(to), 0));
}

static int change_mode(const char *path, mode_t mode, struct fuse_file_info *file) {
  return answer(file ? fchmod((int)file->fh, mode) : fchmodat(root, below(path), mode, 0));
}

static int change_owner(const char *path, uid_t user, gid_t group, struct fuse_file_info *file) {
  return answer(
      file ? fchown((int)file->fh, user, group) : fchownat(root, below(path), user, group, AT_SYMLINK_NOFOLLOW));
}

static int change_times(const char *path, const struct timespec times[2], struct fuse_file_info *file) {
  return answer(
      file ? futimens((int)file->fh, times) : utimensat(root, below(path), times, AT_SYMLINK_NOFOLLOW));
}

static int change_size(const char *path, off_t size, struct fuse_file_info *file) {
  if (file) return answer(ftruncate((int)file->fh, size));
  const int opened = openat(root, below(path), O_WRONLY | O_CLOEXEC);
  if (opened < 0) return -errno;
  const int result = answer(ftruncate(opened, size));
  close(opened);
  return result;
}

static int open_file(const char *path, struct fuse_file_info *file) {
  const int opened = openat(root, below(path), (file->flags & ~O_NOFOLLOW) | O_CLOEXEC);
  if (opened < 0) return -errno;
  file->fh = (unsigned long)opened;
  // What is known of it is asked anew; nothing may be known.
  fuse_invalidate_path(fuse_get_context()->fuse, path);
  return 0;
}

static int create_file(const char *path, mode_t mode, struct fuse_file_info *file) {
  if (isFull) return -ENOSPC;
  const int opened = openat(root, below(path), file->flags | O_CREAT | O_CLOEXEC, mode);
  if (opened < 0) return -errno;
  file->fh = (unsigned long)opened;
  return changing(path, 0);
}

static int make_file(const char *path, mode_t mode, dev_t device) {
  return isFull ? -ENOSPC : changing(path, mknodat(root, below(path), mode, device));
}

static int read_file(const char *path, char *bytes, size_t count, off_t offset, struct fuse_file_info *file) {
  (void)path;
  return answer(pread((int)file->fh, bytes, count, offset));
}

static int write_file(
    const char *path, const char *bytes, size_t count, off_t offset, struct fuse_file_info *file) {
  (void)path;
  return isFull ? -ENOSPC : answer(pwrite((int)file->fh, bytes, count, offset));
}

static int sync_file(const char *path, int onlyData, struct fuse_file_info *file) {
  (void)path;
  return answer(onlyData ? fdatasync((int)file->fh) : fsync((int)file->fh));
}

static int close_file(const char *path, struct fuse_file_info *file) {
  (void)path;
  return answer(close((int)file->fh));
}

static int open_folder(const char *path, struct fuse_file_info *file) {
  const int opened = openat(root, below(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return -errno;
  file->fh = (unsigned long)opened;
  return 0;
}

static struct listing *listed(const char *path, int opened) {
  const int copy = openat(opened, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = copy < 0 ? NULL : fdopendir(copy);
  if (!folder) return NULL;
  struct listing *made = calloc(1, sizeof *made);
  made->path = strdup(path);
  clock_gettime(CLOCK_MONOTONIC, &made->read);
  for (const struct dirent *entry; (entry = readdir(folder));) {
    made->names = realloc(made->names, (made->count + 1) * sizeof *made->names);
    struct name *name = &made->names[made->count++];
    memset(name, 0, sizeof *name);
    memcpy(name->text, entry->d_name, strlen(entry->d_name) + 1);
    name->status.st_ino = entry->d_ino;
    name->status.st_mode = (mode_t)DTTOIF(entry->d_type);
  }
  closedir(folder);
  return made;
}

static int read_folder(
    const char *path, void *names, fuse_fill_dir_t add, off_t offset, struct fuse_file_info *file,
    enum fuse_readdir_flags flags) {
  (void)offset, (void)flags;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  pthread_mutex_lock(&guard);
  struct listing **place = find(path, strlen(path));
  if (*place) {
    const struct timespec read = (*place)->read;
    if ((double)(now.tv_sec - read.tv_sec) + (double)(now.tv_nsec - read.tv_nsec) / 1e9 > seconds) forget(place);
  }
  place = find(path, strlen(path));
  if (!*place) *place = listed(path, (int)file->fh);
  const int code = *place ? 0 : -errno;
  for (size_t i = 0; *place && i < (*place)->count; ++i) {
    if (add(names, (*place)->names[i].text, &(*place)->names[i].status, 0, 0)) break;
  }
  pthread_mutex_unlock(&guard);
  return code;
}

static int state_of(const char *path, struct statvfs *status) {
  (void)path;
  return answer(fstatvfs(root, status));
}

int main(int count, char **words) {
  if (count < 3) return 64;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  seconds = atof(words[2]);
  missing = count > 3 ? atof(words[3]) : 0;
  root = open(words[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return perror(words[1]), 66;
  umask(0);
  const struct sigaction action = {.sa_handler = fill, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &action, NULL), sigaction(SIGUSR2, &action, NULL);
  const struct fuse_operations operations = {
      .init = begin, .getattr = get_attributes, .readlink = read_link, .mkdir = make_folder, .mknod = make_file,
      .unlink = remove_file, .rmdir = remove_folder, .symlink = link_to, .rename = rename_to, .link = second_name,
      .chmod = change_mode, .chown = change_owner, .truncate = change_size, .utimens = change_times,
      .open = open_file, .create = create_file, .read = read_file, .write = write_file, .fsync = sync_file,
      .release = close_file, .opendir = open_folder, .readdir = read_folder, .releasedir = close_file,
      .fsyncdir = sync_file, .statfs = state_of};
  char *arguments[] = {words[0], "-f", "-o", "allow_other,default_permissions", words[1], NULL};
  return fuse_main(5, arguments, &operations, NULL);
}
