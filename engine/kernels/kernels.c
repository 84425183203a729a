#include "engine/kernels/kernels.h"
#include "engine/kernels/bytes.h"

#if defined(__x86_64__)
#include <pthread.h>

static struct kernels with_vnni;

static void make_with_vnni(void)
{
    with_vnni = kernels_avx512;
    with_vnni.bytes = &byte_kernels_vnni;
}
#endif

const struct kernels *kernels_at(enum cpu_level level)
{
#if defined(__x86_64__)
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    if (level == CPU_AVX512 && __builtin_cpu_supports("avx512vnni")) {
        (void)pthread_once(&once, make_with_vnni);
        return &with_vnni;
    }
    if (level == CPU_AVX512)
        return &kernels_avx512;
    if (level == CPU_AVX2)
        return &kernels_avx2;
#else
    (void)level;
#endif
    return &kernels_scalar;
}
