#define LANES  8
#define GROUP  6
#define PIN(v) __asm__("" : "+x"(v))
#define TABLE  srcnn_kernels_avx2
#include "engine/srcnn/kernels_body.h"
