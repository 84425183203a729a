#include "engine/kernels/lines.h"

const struct line_kernels *line_kernels_at(enum cpu_level level)
{
#if defined(__x86_64__)
    if (level == CPU_AVX512)
        return &line_kernels_avx512;
    if (level == CPU_AVX2)
        return &line_kernels_avx2;
#else
    (void)level;
#endif
    return &line_kernels_scalar;
}
