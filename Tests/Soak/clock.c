// A preloaded library: another clock for the program. FAULTS_CLOCK_RATE lets all clocks run so many times as fast,
// so that waits needn't be waited for; FAULTS_CLOCK_STEP names a file of one number (a double, in seconds) by which the
// clock of the day is ahead, and which may change at any time. Built by the scripts with cc.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static int (*real_clock)(clockid_t, struct timespec *);
static int (*real_timer)(int, int, const struct itimerspec *, struct itimerspec *);
static int (*real_timer_create)(int, int);
static double rate = 1;
static double *step;
static struct timespec begun[16];
static clockid_t clock_of[1024];

__attribute__((constructor)) static void begin(void) {
  if (real_clock) return;
  real_timer = (int (*)(int, int, const struct itimerspec *, struct itimerspec *))dlsym(RTLD_NEXT, "timerfd_settime");
  real_timer_create = (int (*)(int, int))dlsym(RTLD_NEXT, "timerfd_create");
  real_clock = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  const char *wanted = getenv("FAULTS_CLOCK_RATE"), *name = getenv("FAULTS_CLOCK_STEP");
  const char *epoch = getenv("FAULTS_CLOCK_EPOCH");
  if (wanted) rate = atof(wanted);
  int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
  if (file >= 0) {
    void *place = mmap(NULL, sizeof *step, PROT_READ, MAP_SHARED, file, 0);
    if (place != MAP_FAILED) step = place;
    close(file);
  }
  for (int i = 0; i < 16; i++) real_clock(i, begun + i);
  // One for all processes: the clock of the day mustn't step when one starts.
  if (epoch) begun[CLOCK_REALTIME] = (struct timespec){atol(epoch), 0};
}

static int is_day(clockid_t clock) { return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE; }

static struct timespec sum(struct timespec from, double seconds) {
  long long nanoseconds = (long long)(seconds * 1e9) + from.tv_nsec;
  long long whole = nanoseconds / 1000000000;
  nanoseconds -= whole * 1000000000;
  if (nanoseconds < 0) nanoseconds += 1000000000, whole--;
  return (struct timespec){from.tv_sec + whole, nanoseconds};
}

static double difference(struct timespec a, struct timespec b) {
  return (double)(a.tv_sec - b.tv_sec) + (a.tv_nsec - b.tv_nsec) * 1e-9;
}

static struct timespec origin(clockid_t clock) { return begun[is_day(clock) ? CLOCK_REALTIME : clock]; }

static int is_changed(clockid_t clock) {
  return is_day(clock) || clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_MONOTONIC_COARSE
    || clock == CLOCK_BOOTTIME;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  if (!real_clock) begin();
  int code = real_clock(clock, time);
  if (code || !is_changed(clock)) return code;
  double passed = difference(*time, origin(clock)) * rate;
  *time = sum(origin(clock), passed + (is_day(clock) && step ? *step : 0));
  return 0;
}

int timerfd_create(int clock, int flags) {
  if (!real_clock) begin();
  int file = real_timer_create(clock, flags);
  if (file >= 0 && file < 1024) clock_of[file] = clock;
  return file;
}

int timerfd_settime(int file, int flags, const struct itimerspec *time, struct itimerspec *old) {
  struct itimerspec changed = *time;
  if (flags & TFD_TIMER_ABSTIME && (time->it_value.tv_sec || time->it_value.tv_nsec)) {
    clockid_t clock = file < 1024 ? clock_of[file] : CLOCK_MONOTONIC;
    double ahead = is_day(clock) && step ? *step : 0;
    changed.it_value = sum(origin(clock), (difference(time->it_value, origin(clock)) - ahead) / rate);
  } else {
    changed.it_value = sum((struct timespec){0, 0}, difference(time->it_value, (struct timespec){0, 0}) / rate);
  }
  return real_timer(file, flags, &changed, old);
}
