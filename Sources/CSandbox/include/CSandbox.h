#ifndef CSANDBOX_H
#define CSANDBOX_H

/// What Linux offers to a process that wants to be able to do less: system calls that glibc has no functions for.
/// All of them return 0, or errno.

#pragma clang assume_nonnull begin

/// The version of Landlock that the kernel offers (https://docs.kernel.org/userspace-api/landlock.html); 0 where it has
/// none or it is switched off.
int sandbox_landlock_version(void);

/// What a process may do below a folder, or with a file.
enum sandbox_right {
  SANDBOX_READ = 1,
  /// Make, change and remove files and folders, too.
  SANDBOX_WRITE = 2,
  /// Run programs and load libraries, too.
  SANDBOX_EXECUTE = 4,
};

/// What a process may do in the network.
enum sandbox_network {
  /// Open connections to others.
  SANDBOX_CONNECT = 1,
  /// Wait for those that others open.
  SANDBOX_LISTEN = 2,
};

/// Begins a set of rules: everything that it isn't told of is forbidden, foreign processes included where the kernel's
/// version knows of them, and TCP as far as `network`, of ``sandbox_network``, doesn't name it.
int sandbox_rules_begin(int version, int network, int *rules);
/// Adds a rule for `path`; where nothing is there, or nothing may be seen, there is nothing to allow.
int sandbox_rules_allow(int rules, int version, const char *path, int rights);
/// Adds a rule for every file that is mapped into this process: the program and its libraries, wherever they lie.
int sandbox_rules_allow_mapped(int rules, int version, int rights);
/// Submits this thread, and what it executes, to the rules for good, and closes them.
int sandbox_rules_enter(int rules);

/// No program that this thread executes gets rights that it hasn't (set-user-ID, file capabilities).
int sandbox_no_new_privileges(void);

/// Gives up every capability but those that let a superuser read files as any owner does. Where there are none, there
/// is nothing to give up.
int sandbox_drop_capabilities(void);

/// Forbids all threads of the process to open sockets as far as `network`, of ``sandbox_network``, doesn't name it, start
/// programs or processes, signal or trace others, mount, change rights or owners of files, load code into the kernel: such
/// a call fails with EPERM.
int sandbox_filter_calls(int network);

#pragma clang assume_nonnull end

#endif
