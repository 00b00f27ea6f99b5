// Runs a program under a seccomp filter and ptrace, and strikes at one of its system calls that change a file: kills
// it there, or makes the call fail, or lets each take its time. See README.md. Built by faults.py and soak.py with cc;
// Linux on x86-64.
//
// Every such call is seen, whoever makes it (the runtime, SQLite, a C++ library's streams), in every thread and every
// child process: nothing can go around the kernel. What doesn't lie in one of the homes isn't counted.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

// How a call names what it changes: by descriptor, by path, by folder and path; two of them; or not at all, unless the
// flags say that it makes or cuts a file.
enum form { FD, FD_THIRD, PATH, AT, PATHS, ATS, OPEN, OPENAT, CREAT, SECOND_PATH, SECOND_AT, TIMES };

static const struct call {
  long number;
  const char *name;
  enum form form;
} calls[] = {
  {SYS_open, "open", OPEN},
  {SYS_openat, "openat", OPENAT},
  {SYS_creat, "creat", CREAT},
  {SYS_write, "write", FD},
  {SYS_pwrite64, "pwrite", FD},
  {SYS_writev, "writev", FD},
  {SYS_pwritev, "pwritev", FD},
  {SYS_pwritev2, "pwritev2", FD},
  {SYS_sendfile, "sendfile", FD},
  {SYS_copy_file_range, "copy_file_range", FD_THIRD},
  {SYS_splice, "splice", FD_THIRD},
  {SYS_ftruncate, "ftruncate", FD},
  {SYS_truncate, "truncate", PATH},
  {SYS_fallocate, "fallocate", FD},
  {SYS_fsync, "fsync", FD},
  {SYS_fdatasync, "fdatasync", FD},
  {SYS_syncfs, "syncfs", FD},
  {SYS_sync_file_range, "sync_file_range", FD},
  {SYS_rename, "rename", PATHS},
  {SYS_renameat, "renameat", ATS},
  {SYS_renameat2, "renameat2", ATS},
  {SYS_link, "link", PATHS},
  {SYS_linkat, "linkat", ATS},
  {SYS_symlink, "symlink", SECOND_PATH},
  {SYS_symlinkat, "symlinkat", SECOND_AT},
  {SYS_unlink, "unlink", PATH},
  {SYS_unlinkat, "unlinkat", AT},
  {SYS_mkdir, "mkdir", PATH},
  {SYS_mkdirat, "mkdirat", AT},
  {SYS_rmdir, "rmdir", PATH},
  {SYS_mknod, "mknod", PATH},
  {SYS_mknodat, "mknodat", AT},
  {SYS_chmod, "chmod", PATH},
  {SYS_fchmod, "fchmod", FD},
  {SYS_fchmodat, "fchmodat", AT},
  {SYS_chown, "chown", PATH},
  {SYS_lchown, "lchown", PATH},
  {SYS_fchown, "fchown", FD},
  {SYS_fchownat, "fchownat", AT},
  {SYS_utimensat, "utimensat", TIMES},
  {SYS_setxattr, "setxattr", PATH},
  {SYS_fsetxattr, "fsetxattr", FD},
};
enum { CALLS = sizeof calls / sizeof *calls, LIMIT = 64 };

// --- What was asked for

static const char *homes[LIMIT];
static int home_count;
static int wants_list;
static int strikes_worker;
static long strike_at;
static enum { NOTHING, KILL_BEFORE, KILL_AFTER, KILL_HALF, FAIL } deed;
static int kills_all;
static int failure;
static const char *repaired;       // Until this file is there, the failure goes on.
static const char *draft, *again;  // What the sender sends as soon as the name is free.

// --- What runs

static pid_t daemon_pid;
static int is_daemon_gone;
static long counts[2];
static int is_struck, is_failing;
static int failing_home;
static pid_t pending_kill;  // A thread that is killed when its call is over.

struct thread {
  pid_t id, process;
};
static struct thread *threads;
static int thread_count;

static void die(const char *what) {
  fprintf(stderr, "faults: %s: %s\n", what, strerror(errno));
  exit(70);
}

static pid_t process_of(pid_t thread) {
  for (int i = 0; i < thread_count; i++)
    if (threads[i].id == thread) return threads[i].process;
  char name[64], line[256];
  snprintf(name, sizeof name, "/proc/%d/status", thread);
  pid_t process = 0;
  FILE *status = fopen(name, "r");
  while (status && fgets(line, sizeof line, status))
    if (sscanf(line, "Tgid: %d", &process) == 1) break;
  if (status) fclose(status);
  if (!process) return thread;
  threads = realloc(threads, sizeof *threads * (thread_count + 1));
  if (!threads) die("memory");
  threads[thread_count++] = (struct thread){thread, process};
  return process;
}

static void forget(pid_t thread) {
  for (int i = 0; i < thread_count; i++)
    if (threads[i].id == thread) threads[i--] = threads[--thread_count];
}

static void strike_dead(pid_t process) {
  if (!kills_all) {
    kill(process, SIGKILL);
    return;
  }
  kill(daemon_pid, SIGKILL);
  for (int i = 0; i < thread_count; i++) kill(threads[i].process, SIGKILL);
}

// --- Paths

static void text_at(pid_t thread, unsigned long address, char *text) {
  size_t length = 0;
  while (address && length < PATH_MAX - 1) {
    size_t part = 4096 - (address + length) % 4096;
    if (part > PATH_MAX - 1 - length) part = PATH_MAX - 1 - length;
    struct iovec here = {text + length, part}, there = {(void *)(address + length), part};
    ssize_t count = process_vm_readv(thread, &here, 1, &there, 1, 0);
    if (count <= 0) break;
    if (memchr(text + length, 0, count)) return;
    length += count;
  }
  text[length] = 0;
}

static void link_of(pid_t thread, const char *what, int number, char *path) {
  char name[64];
  if (what) snprintf(name, sizeof name, "/proc/%d/%s", thread, what);
  else snprintf(name, sizeof name, "/proc/%d/fd/%d", thread, number);
  ssize_t length = readlink(name, path, PATH_MAX - 1);
  path[length < 0 ? 0 : length] = 0;
  char *gone = strstr(path, " (deleted)");
  if (gone) *gone = 0;
}

static void path_at(pid_t thread, int folder, unsigned long address, char *path) {
  char name[PATH_MAX], base[PATH_MAX];
  text_at(thread, address, name);
  if (name[0] == '/') {
    strcpy(path, name);
    return;
  }
  link_of(thread, folder == AT_FDCWD ? "cwd" : NULL, folder, base);
  if (!name[0]) strcpy(path, base);
  else snprintf(path, PATH_MAX, "%.2000s/%.2000s", base, name);
}

// The home that a path lies in: the longest that it begins with; -1 where it lies in none.
static int home_of(const char *path) {
  int found = -1;
  size_t longest = 0;
  for (int i = 0; i < home_count; i++) {
    size_t length = strlen(homes[i]);
    if (strncmp(path, homes[i], length) || (path[length] && path[length] != '/') || length < longest) continue;
    found = i;
    longest = length;
  }
  return found;
}

// Whether the call changes a file in a home; which, and its one or two paths.
static int concerns(const struct call *call, pid_t thread, struct user_regs_struct *r, char *path, char *other) {
  unsigned long a[] = {r->rdi, r->rsi, r->rdx, r->r10};
  int makes = O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);
  *path = *other = 0;
  switch (call->form) {
  case FD: link_of(thread, NULL, a[0], path); break;
  case FD_THIRD: link_of(thread, NULL, a[2], path); break;
  case PATH: case CREAT: path_at(thread, AT_FDCWD, a[0], path); break;
  case AT: path_at(thread, a[0], a[1], path); break;
  case PATHS: path_at(thread, AT_FDCWD, a[0], path); path_at(thread, AT_FDCWD, a[1], other); break;
  case ATS: path_at(thread, a[0], a[1], path); path_at(thread, a[2], a[3], other); break;
  case OPEN:
    if (!(a[1] & makes)) return -1;
    path_at(thread, AT_FDCWD, a[0], path);
    break;
  case OPENAT:
    if (!(a[2] & makes)) return -1;
    path_at(thread, a[0], a[1], path);
    break;
  case SECOND_PATH: path_at(thread, AT_FDCWD, a[1], path); break;
  case SECOND_AT: path_at(thread, a[1], a[2], path); break;
  case TIMES: path_at(thread, a[0], a[1], path); break;
  }
  // What a file is brought to says more than where it comes from.
  int home = *other ? home_of(other) : -1;
  return home >= 0 ? home : home_of(path);
}

static void quoted(const char *text) {
  putchar('"');
  for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
    if (*c == '"' || *c == '\\' || *c < 32 || *c > 126) printf("\\u%04x", *c);
    else putchar(*c);
  }
  putchar('"');
}

static void tell(
  const char *event, int role, const struct call *call, int home, const char *path, const char *other
) {
  printf("{\"event\": \"%s\", \"role\": \"%s\", \"number\": %ld, \"call\": \"%s\", \"path\": ", event,
    role ? "worker" : "daemon", counts[role], call->name);
  quoted(path);
  printf(", \"to\": ");
  quoted(other);
  printf(", \"home\": ");
  quoted(homes[home]);
  puts("}");
  fflush(stdout);
}

// --- Strikes

static void send_again(void) {
  if (draft && access(again, F_OK) && !access(draft, F_OK)) rename(draft, again);
}

// A full disk still lets things go.
static int also_fails(const struct call *call) {
  if (failure != ENOSPC) return 1;
  return call->form != AT && call->form != PATH && call->form != TIMES && call->number != SYS_fchmod
    && call->number != SYS_fchown ? 1 : call->number == SYS_mkdir || call->number == SYS_mkdirat;
}

static void skip(pid_t thread, struct user_regs_struct *registers, int code) {
  registers->orig_rax = -1;
  registers->rax = -code;
  ptrace(PTRACE_SETREGS, thread, 0, registers);
}

// At the beginning of a call; returns how the thread goes on.
static int enter(pid_t thread) {
  struct user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, thread, 0, &registers)) return PTRACE_CONT;
  const struct call *call = NULL;
  for (int i = 0; i < CALLS; i++)
    if (calls[i].number == (long)registers.orig_rax) call = &calls[i];
  char path[PATH_MAX], other[PATH_MAX];
  int home = call ? concerns(call, thread, &registers, path, other) : -1;
  send_again();
  if (home < 0) return PTRACE_CONT;
  pid_t process = process_of(thread);
  int role = process != daemon_pid;
  counts[role]++;
  if (wants_list) tell("call", role, call, home, path, other);
  if (is_failing && home == failing_home && also_fails(call)) {
    if (access(repaired, F_OK)) {
      skip(thread, &registers, failure);
      return PTRACE_CONT;
    }
    is_failing = 0;
  }
  if (is_struck || deed == NOTHING || role != strikes_worker || counts[role] != strike_at) return PTRACE_CONT;
  is_struck = 1;
  switch (deed) {
  case FAIL:
    if (repaired) {
      is_failing = 1;
      failing_home = home;
    }
    skip(thread, &registers, failure);
    tell("struck", role, call, home, path, other);
    return PTRACE_CONT;
  case KILL_BEFORE:
    skip(thread, &registers, EINTR);
    strike_dead(process);
    tell("struck", role, call, home, path, other);
    return PTRACE_CONT;
  case KILL_HALF:
    if ((call->number == SYS_write || call->number == SYS_pwrite64) && registers.rdx > 1) {
      registers.rdx /= 2;
      ptrace(PTRACE_SETREGS, thread, 0, &registers);
    }
    // fall through
  default:
    tell("struck", role, call, home, path, other);
    pending_kill = thread;
    return PTRACE_SYSCALL;
  }
}

static void trace(void) {
  while (1) {
    int status;
    pid_t thread = waitpid(-1, &status, __WALL);
    if (thread < 0) {
      if (errno == EINTR) continue;
      return;
    }
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      send_again();
      forget(thread);
      if (thread == daemon_pid && !is_daemon_gone) {
        is_daemon_gone = 1;
        printf("{\"event\": \"ended\", \"status\": %d, \"daemon\": %ld, \"worker\": %ld}\n",
          WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), counts[0], counts[1]);
        fflush(stdout);
      }
      continue;
    }
    int how = PTRACE_CONT, event = status >> 16, signal = 0;
    if (event == PTRACE_EVENT_SECCOMP) {
      how = enter(thread);
    } else if (event) {
      process_of(thread);
    } else if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
      send_again();
      if (thread == pending_kill) {
        pending_kill = 0;
        strike_dead(process_of(thread));
      }
    } else {
      signal = WSTOPSIG(status);
    }
    ptrace(how, thread, 0, signal);
  }
}

// --- Start

#define LOAD(what) (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, what))
#define IS(value, then, otherwise) (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, then, otherwise)
#define HAS(bits, then, otherwise) (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, then, otherwise)
#define ANSWER(what) (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what)

// Stops at the calls of the table alone, and at open and openat only where they may make or cut a file: a stop for each
// library that is looked for would take longer than all else.
static void filter(void) {
  struct sock_filter code[CALLS + 16];
  int n = 0, makes = O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);
  code[n++] = LOAD(arch);
  code[n++] = IS(AUDIT_ARCH_X86_64, 1, 0);
  code[n++] = ANSWER(SECCOMP_RET_KILL_PROCESS);
  code[n++] = LOAD(nr);
  code[n++] = IS(SYS_openat, 0, 3);
  code[n++] = LOAD(args[2]);
  code[n++] = HAS(makes, 0, 1);
  code[n++] = ANSWER(SECCOMP_RET_TRACE);
  code[n++] = LOAD(nr);
  code[n++] = IS(SYS_open, 0, 3);
  code[n++] = LOAD(args[1]);
  code[n++] = HAS(makes, 0, 1);
  code[n++] = ANSWER(SECCOMP_RET_TRACE);
  code[n++] = LOAD(nr);
  int first = n, count = 0;
  for (int i = 0; i < CALLS; i++) count += calls[i].number != SYS_openat && calls[i].number != SYS_open;
  for (int i = 0; i < CALLS; i++)
    if (calls[i].number != SYS_openat && calls[i].number != SYS_open) {
      code[n] = IS(calls[i].number, count - (n - first), 0);
      n++;
    }
  code[n++] = ANSWER(SECCOMP_RET_ALLOW);
  code[n++] = ANSWER(SECCOMP_RET_TRACE);
  struct sock_fprog program = {n, code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) die("seccomp");
}

static int number_of(const char *name) {
  const struct { const char *name; int number; } codes[] =
    {{"ENOSPC", ENOSPC}, {"EIO", EIO}, {"ESTALE", ESTALE}, {"EROFS", EROFS}, {"EDQUOT", EDQUOT}, {"ENOMEM", ENOMEM},
     {"EMFILE", EMFILE}, {"EACCES", EACCES}};
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    if (!strcmp(codes[i].name, name)) return codes[i].number;
  fprintf(stderr, "faults: no such error: %s\n", name);
  exit(64);
}

int main(int count, char **words) {
  const char *output = NULL, *failing = NULL;
  int i = 1;
  for (; i + 1 < count && strcmp(words[i], "--"); i += 2) {
    const char *key = words[i], *value = words[i + 1];
    if (!strcmp(key, "--home") && home_count < LIMIT) homes[home_count++] = value;
    else if (!strcmp(key, "--list")) wants_list = atoi(value);
    else if (!strcmp(key, "--worker")) strikes_worker = atoi(value);
    else if (!strcmp(key, "--at")) strike_at = atol(value);
    else if (!strcmp(key, "--all")) kills_all = atoi(value);
    else if (!strcmp(key, "--kill")) deed = *value == 'b' ? KILL_BEFORE : *value == 'h' ? KILL_HALF : KILL_AFTER;
    else if (!strcmp(key, "--fail")) deed = FAIL, failure = number_of(value);
    else if (!strcmp(key, "--until")) repaired = value;
    else if (!strcmp(key, "--failing")) failing = value;
    else if (!strcmp(key, "--draft")) draft = value;
    else if (!strcmp(key, "--again")) again = value;
    else if (!strcmp(key, "--output")) output = value;
    else break;
  }
  if (i + 1 >= count || strcmp(words[i], "--") || !home_count || !draft != !again) {
    fprintf(stderr, "faults: called by faults.py\n");
    return 64;
  }
  if (failing) {
    is_failing = is_struck = 1;
    failing_home = home_of(failing);
  }
  int gate[2];
  if (pipe2(gate, O_CLOEXEC)) die("pipe");
  daemon_pid = fork();
  if (daemon_pid < 0) die("fork");
  if (!daemon_pid) {
    char byte;
    close(gate[1]);
    if (read(gate[0], &byte, 1) != 1) _exit(70);
    if (output) {
      int file = open(output, O_WRONLY | O_CREAT | O_APPEND, 0644);
      if (file < 0) die(output);
      dup2(file, 1);
      dup2(file, 2);
      close(file);
    }
    filter();
    execv(words[i + 1], words + i + 1);
    die(words[i + 1]);
  }
  long options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK
    | PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
  if (ptrace(PTRACE_SEIZE, daemon_pid, 0, options)) die("ptrace");
  process_of(daemon_pid);
  printf("{\"event\": \"started\", \"process\": %d}\n", daemon_pid);
  fflush(stdout);
  if (write(gate[1], "g", 1) != 1) die("gate");
  close(gate[1]);
  close(gate[0]);
  trace();
  return 0;
}
