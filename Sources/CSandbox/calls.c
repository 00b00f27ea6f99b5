#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
// The x32 calls have a bit of their own.
#define LAST_CALL 0x3fffffff
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#define LAST_CALL 0xffffffff
#endif

int sandbox_drop_capabilities(void) {
  // Ambient ones would be handed on; kernels before 4.3 have none.
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3, .pid = 0 };
  struct __user_cap_data_struct now[2] = { 0 };
  if (syscall(SYS_capget, &header, now) != 0) return errno;
  uint32_t kept = 1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH;
  struct __user_cap_data_struct then[2] = {
    { .effective = now[0].effective & kept, .permitted = now[0].permitted & kept }, { 0 } };
  return syscall(SYS_capset, &header, then) == 0 ? 0 : errno;
}

#ifdef ARCHITECTURE

#define LOAD(FIELD) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, FIELD))
#define REFUSE(CODE) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (CODE))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
/// The number is loaded; refuses this one.
#define FORBID(CALL) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##CALL, 0, 1), REFUSE(EPERM)
#define FORBID_NUMBER(CALL) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (CALL), 0, 1), REFUSE(EPERM)

/// The filter's beginning: the number is loaded, and one of this processor's own.
static const struct sock_filter beginning[] = {
  LOAD(arch),
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
  REFUSE(EPERM),
  LOAD(nr),
  BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, LAST_CALL, 0, 1),
  REFUSE(EPERM),
};
/// For a process without the network.
static const struct sock_filter no_sockets[] = { FORBID(socket), FORBID(socketpair) };
/// For one that opens no connections.
static const struct sock_filter no_connecting[] = { FORBID(connect) };
/// For one that waits for none.
static const struct sock_filter no_listening[] = {
  FORBID(bind), FORBID(listen), FORBID(accept), FORBID(accept4),
};

int sandbox_filter_calls(int network) {
  const struct sock_filter rest[] = {
    // What is set up through io_uring passes no filter.
    FORBID_NUMBER(425), FORBID_NUMBER(426), FORBID_NUMBER(427),

    // Programs and processes. Threads are made by clone; clone3 can't be looked into, and without it glibc takes clone.
    FORBID(execve), FORBID(execveat),
#ifdef SYS_fork
    FORBID(fork), FORBID(vfork),
#endif
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 435, 0, 1), REFUSE(ENOSYS),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0),
    REFUSE(EPERM),
    ALLOW,

    // Other processes: those of the daemon's user are otherwise open to it.
    FORBID(kill), FORBID(tkill), FORBID(rt_sigqueueinfo), FORBID(rt_tgsigqueueinfo), FORBID_NUMBER(424),
    FORBID(ptrace), FORBID(process_vm_readv), FORBID(process_vm_writev), FORBID_NUMBER(438),
    FORBID_NUMBER(440), FORBID(setpriority), FORBID(sched_setscheduler), FORBID(sched_setattr),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prlimit64, 0, 4),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
    REFUSE(EPERM),
    ALLOW,

    // File systems; Landlock says nothing of rights, owners and extended attributes.
    FORBID(mount), FORBID(umount2), FORBID(pivot_root), FORBID(chroot), FORBID(unshare), FORBID(setns),
    FORBID_NUMBER(428), FORBID_NUMBER(429), FORBID_NUMBER(430), FORBID_NUMBER(432), FORBID_NUMBER(442),
    FORBID(fchmod), FORBID(fchmodat), FORBID_NUMBER(452), FORBID(fchown), FORBID(fchownat),
#ifdef SYS_chmod
    FORBID(chmod), FORBID(chown), FORBID(lchown),
#endif
    FORBID(setxattr), FORBID(lsetxattr), FORBID(fsetxattr), FORBID(removexattr), FORBID(lremovexattr),
    FORBID(fremovexattr), FORBID(open_by_handle_at),

    // The kernel.
    FORBID(bpf), FORBID(perf_event_open), FORBID(userfaultfd), FORBID(keyctl), FORBID(add_key),
    FORBID(request_key), FORBID(init_module), FORBID(finit_module), FORBID(delete_module),
    FORBID(kexec_load), FORBID(personality), FORBID(reboot), FORBID(swapon), FORBID(swapoff),
    FORBID(settimeofday), FORBID(clock_settime), FORBID(sethostname), FORBID(acct), FORBID(quotactl),
    ALLOW,
  };
  struct sock_filter filter[256];
  size_t length = 0;
#define ADD(PART) memcpy(filter + length, PART, sizeof PART), length += sizeof PART / sizeof *PART
  _Static_assert(
    sizeof beginning + sizeof no_sockets + sizeof no_connecting + sizeof no_listening + sizeof rest <= sizeof filter,
    "too many rules");
  ADD(beginning);
  if (network == 0) ADD(no_sockets);
  if (!(network & SANDBOX_CONNECT)) ADD(no_connecting);
  if (!(network & SANDBOX_LISTEN)) ADD(no_listening);
  ADD(rest);
  struct sock_fprog program = { .len = (unsigned short)length, .filter = filter };
  int code = sandbox_no_new_privileges();
  if (code != 0) return code;
  long answer =
    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
  // More than 0: a thread that couldn't be included.
  return answer == 0 ? 0 : answer < 0 ? errno : EBUSY;
}

#else

int sandbox_filter_calls(int network) { (void)network; return ENOSYS; }

#endif
