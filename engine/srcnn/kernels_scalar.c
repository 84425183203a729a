/* For any processor: the vectors that every x86-64 and ARM64 has, by the compiler's vector extension. */
#define LANES  4
#define GROUP  4
#define PIN(v) ((void)0)
#define TABLE  srcnn_kernels_scalar
#include "engine/srcnn/kernels_body.h"
