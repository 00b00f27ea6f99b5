#ifndef CSYSTEMCALLS_H
#define CSYSTEMCALLS_H

/// System calls of Linux that Swift can't reach: glibc has no function for them, or shows it to GNU sources only.
/// Each sets errno where it fails.

#pragma clang assume_nonnull begin

/// O_PATH of open(2): a descriptor that is only good for what is relative to it.
enum { SYSTEM_PATH_ONLY = 010000000 };

/// Opens what lies at `path`, which is relative, below the folder that `folder` is open on: through no symbolic link
/// and no "..", whoever swaps what meanwhile. `flags` as of open(2) without O_CREAT; O_CLOEXEC is added.
/// Returns a descriptor, or -1: ELOOP or ENOTDIR where a link is in the way.
int system_open_beneath(int folder, const char *path, int flags);

/// The same without openat2(2), which kernels before 5.6 and some containers don't have.
int system_walk_beneath(int folder, const char *path, int flags);

/// Writes all of the file system that `descriptor` lies on to its disk: data, names and all. 0 or -1.
int system_sync_file_system(int descriptor);

/// Has the file's data written, waits for it, and tells whether it failed since the last one who asked: 0 or -1.
/// Unlike fsync(2) it leaves names, sizes and the disk's own cache to whoever syncs the file system.
int system_await_written(int descriptor);

/// Has the writing of the file's data begin, without waiting for it; whether it succeeds is told by fsync(2).
void system_begin_writing(int descriptor);

/// Makes a pipe whose ends no other process inherits: `ends[0]` is read, `ends[1]` written. 0 or -1.
int system_open_pipe(int *ends);

/// Whether the kernel is told the right time by somebody (adjtimex(2)): 1 or 0; -1 where that can't be asked.
int system_clock_is_kept(void);

#pragma clang assume_nonnull end

#endif
