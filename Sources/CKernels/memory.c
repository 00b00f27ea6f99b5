// Memory for maps, filters and scratch: zeros, aligned to a cache line, in huge pages where it is large. A training step
// goes through hundreds of megabytes, many pages at a time: with small ones the processor spends its time on finding
// them.
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "CKernels.h"

#define HUGE_PAGE ((size_t)2 << 20)

void *ck_allocate(size_t bytes) {
  size_t alignment = bytes < HUGE_PAGE ? 64 : HUGE_PAGE;
  void *memory = NULL;
  if (posix_memalign(&memory, alignment, bytes)) return NULL;
#ifdef MADV_HUGEPAGE
  // Whole ones alone: nothing more is touched than was asked for; of the address space, and of a limit on it, what lies
  // before the first may be lost. A system without them says no, which is no harm.
  if (alignment == HUGE_PAGE) madvise(memory, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
#endif
  return memset(memory, 0, bytes);
}

void ck_deallocate(void *memory) { free(memory); }
