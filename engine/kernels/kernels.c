#include "engine/kernels/kernels.h"

const struct kernels *kernels_at(enum cpu_level level)
{
#if defined(__x86_64__)
    if (level == CPU_AVX512)
        return &kernels_avx512;
    if (level == CPU_AVX2)
        return &kernels_avx2;
#else
    (void)level;
#endif
    return &kernels_scalar;
}
