// A small team of threads. The caller is worker 0; the others wait, first spinning and then asleep,
// for a loop to share. A worker has a share of the indices of its own, the same part of every loop, so that it mostly
// reads what it wrote itself one loop before, from its own caches; then it helps with the others' shares.
#include "workers.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define SPINS 4000

typedef struct {
  void *memory;
  size_t bytes;
} scratch;

typedef struct {
  ck_workers *team;
  pthread_t thread;
  int number;
} member;

// The indices of a loop that are one worker's to begin with, on a cache line of their own.
typedef struct {
  _Alignas(64) atomic_int next;
  int end;
} share;

struct ck_workers {
  int count;
  member *members;
  share *shares;
  scratch *scratches;  // one per worker, then the shared one
  pthread_mutex_t lock;
  pthread_cond_t wake;
  atomic_uint generation;
  atomic_int working;
  atomic_bool stopping;
  int sleepers;
  ck_body body;
  void *context;
};

static inline void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

static void take_part(ck_workers *team, int number) {
  for (int i = 0; i < team->count; i++) {
    share *s = &team->shares[(number + i) % team->count];
    int index;
    while ((index = atomic_fetch_add(&s->next, 1)) < s->end) team->body(team->context, team, index, number);
  }
}

static void *member_main(void *argument) {
  member *self = argument;
  ck_workers *team = self->team;
  unsigned seen = 0;
  for (;;) {
    for (int spin = 0; spin < SPINS && atomic_load(&team->generation) == seen; spin++) relax();
    if (atomic_load(&team->generation) == seen) {
      pthread_mutex_lock(&team->lock);
      team->sleepers++;
      while (atomic_load(&team->generation) == seen) pthread_cond_wait(&team->wake, &team->lock);
      team->sleepers--;
      pthread_mutex_unlock(&team->lock);
    }
    seen = atomic_load(&team->generation);
    if (atomic_load(&team->stopping)) return NULL;
    take_part(team, self->number);
    atomic_fetch_sub(&team->working, 1);
  }
}

static void announce(ck_workers *team) {
  pthread_mutex_lock(&team->lock);
  atomic_fetch_add(&team->generation, 1);
  if (team->sleepers) pthread_cond_broadcast(&team->wake);
  pthread_mutex_unlock(&team->lock);
}

ck_workers *ck_workers_create(int count) {
  if (count < 1) count = 1;
  ck_workers *team = calloc(1, sizeof *team);
  if (!team) return NULL;
  team->members = calloc((size_t)count, sizeof *team->members);
  team->scratches = calloc((size_t)count + 1, sizeof *team->scratches);
  team->shares = aligned_alloc(_Alignof(share), (size_t)count * sizeof *team->shares);
  pthread_mutex_init(&team->lock, NULL);
  pthread_cond_init(&team->wake, NULL);
  team->count = 1;
  if (!team->members || !team->scratches || !team->shares) {
    ck_workers_destroy(team);
    return NULL;
  }
  for (int i = 1; i < count; i++) {
    team->members[i] = (member){.team = team, .number = i};
    if (pthread_create(&team->members[i].thread, NULL, member_main, &team->members[i])) break;
    team->count = i + 1;
  }
  return team;
}

void ck_workers_destroy(ck_workers *team) {
  atomic_store(&team->stopping, 1);
  announce(team);
  for (int i = 1; i < team->count; i++) pthread_join(team->members[i].thread, NULL);
  if (team->scratches)
    for (int i = 0; i <= team->count; i++) ck_deallocate(team->scratches[i].memory);
  free(team->scratches);
  free(team->shares);
  free(team->members);
  pthread_mutex_destroy(&team->lock);
  pthread_cond_destroy(&team->wake);
  free(team);
}

int ck_workers_count(const ck_workers *team) { return team->count; }

void ck_run(ck_workers *team, int count, ck_body body, void *context) {
  if (team->count == 1 || count == 1) {
    for (int i = 0; i < count; i++) body(context, team, i, 0);
    return;
  }
  team->body = body;
  team->context = context;
  for (int i = 0; i < team->count; i++) {
    team->shares[i].end = (int)((long)count * (i + 1) / team->count);
    atomic_store(&team->shares[i].next, (int)((long)count * i / team->count));
  }
  atomic_store(&team->working, team->count - 1);
  announce(team);
  take_part(team, 0);
  // A worker that isn't running at the moment may need this processor to finish.
  for (int spin = 0; atomic_load(&team->working); spin++)
    if (spin < SPINS) relax(); else sched_yield();
}

static void *grow(scratch *s, size_t bytes) {
  if (s->bytes < bytes) {
    ck_deallocate(s->memory);
    s->bytes = (bytes + 4095) & ~(size_t)4095;
    s->memory = ck_allocate(s->bytes);
    if (!s->memory) {
      fputs("mmdicom: out of memory for scratch space\n", stderr);
      abort();
    }
  }
  return s->memory;
}

void *ck_scratch(ck_workers *team, int worker, size_t bytes) { return grow(&team->scratches[worker], bytes); }
void *ck_shared_scratch(ck_workers *team, size_t bytes) { return grow(&team->scratches[team->count], bytes); }
