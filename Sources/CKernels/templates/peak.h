// What the processor can do at best, for measuring.

#define CHAINS 12

// As many independent chains as hide the latency of a multiply-add. LANES elements each, one of them in `sink` [LANES].
static long NAME(multiply_add)(long rounds, void *sink) {
  vec chain[CHAINS], factor = (REAL)0.5, addend = LOAD(sink);
  for (int i = 0; i < CHAINS; i++) chain[i] = (REAL)i;
  for (long r = 0; r < rounds; r++)
    for (int i = 0; i < CHAINS; i++) chain[i] = chain[i] * factor + addend;
  for (int i = 1; i < CHAINS; i++) chain[0] += chain[i];
  STORE(sink, chain[0]);
  return CHAINS * LANES;
}
