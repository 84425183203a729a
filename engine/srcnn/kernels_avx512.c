#define LANES  16
#define GROUP  8
#define PIN(v) __asm__("" : "+v"(v))
#define TABLE  srcnn_kernels_avx512
#include "engine/srcnn/kernels_body.h"
