/* tests/engine/random_net.h: nets that nobody thought of, from a seed: of 10 to 30 steps, some of which
 * OpenCV runs, some besra's operators, some chains that OpenCV takes for something else. */
#pragma once

#include "base/bytes.h"

/* One input "x", f32 [1..2][4][1..9][8..20], as `shape` tells; one to four outputs. Numbers stay moderate
 * where the input's are in -1..1. Fails the test where the builder refuses it. Release with bytes_free(). */
struct bytes random_net(uint64_t seed, int64_t shape[4]);
