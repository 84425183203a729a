#include "base/cpu.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#if defined(__aarch64__)
#define LOWEST "neon"
#else
#define LOWEST "scalar"
#endif

static const char *const level_names[] = {LOWEST, "avx2", "avx512"};

const char *cpu_level_name(enum cpu_level level)
{
    return level_names[level];
}

#if defined(__x86_64__)
/* __builtin_cpu_supports() of clang 14 doesn't know F16C; it uses the registers that AVX2 needs of the
 * system. */
static bool has_f16c(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}
#endif

enum cpu_level cpu_level_of_machine(void)
{
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !has_f16c())
        return CPU_SCALAR;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return CPU_AVX512;
    return CPU_AVX2;
#else
    return CPU_SCALAR;
#endif
}

static enum cpu_level choose_level(void)
{
    enum cpu_level machine = cpu_level_of_machine();
    const char    *wish = getenv("BESRA_CPU");

    for (int level = CPU_SCALAR; wish && level <= (int)machine; level++)
        if (strcmp(wish, level_names[level]) == 0)
            return (enum cpu_level)level;
    return machine;
}

enum cpu_level cpu_level(void)
{
    static atomic_int chosen; /* level + 1; 0 while unknown; a race computes the same twice */
    int               known = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (!known) {
        known = (int)choose_level() + 1;
        atomic_store_explicit(&chosen, known, memory_order_relaxed);
    }
    return (enum cpu_level)(known - 1);
}

bool cpu_has_bf16(void)
{
#if defined(__x86_64__)
    enum { AMX_BF16 = 1 << 22 }; /* of EDX of leaf 7; clang 14 has no name for it */
    unsigned a, b, c, d;

    if (cpu_level() < CPU_AVX512)
        return false;
    return __builtin_cpu_supports("avx512bf16") ||
           (__get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & AMX_BF16));
#else
    return false;
#endif
}

bool cpu_has_int8(void)
{
#if defined(__x86_64__)
    return cpu_level() == CPU_AVX512 && __builtin_cpu_supports("avx512vnni");
#else
    return false;
#endif
}
