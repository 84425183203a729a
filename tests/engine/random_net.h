/* tests/engine/random_net.h: nets that nobody thought of, from a seed: of 10 to 30 steps, some of which
 * OpenCV runs, some besra's operators, some chains that OpenCV takes for something else. */
#pragma once

#include "base/bytes.h"

/* One input "x", f32 [2][4][6][8] or [1][4][6][8]; one to four outputs. Numbers stay moderate where the
 * input's are in -1..1. Fails the test where the builder refuses it. Release with bytes_free(). */
enum { RANDOM_NET_CHANNELS = 4, RANDOM_NET_HEIGHT = 6, RANDOM_NET_WIDTH = 8 };
struct bytes random_net(uint64_t seed, int *batch);
