/* base/cpu.h: which vector instructions our kernels may use. */
#pragma once

#include <stdbool.h>

/* In rising order: a level includes the ones before it. */
enum cpu_level {
    CPU_SCALAR, /* plain C, and what every processor of a kind has: SSE2 of x86-64, NEON of ARM64 */
    CPU_AVX2,   /* AVX2, FMA, F16C */
    CPU_AVX512, /* AVX-512 F, BW, DQ, VL */
};

/* The level in force: what the processor and the system can do, lowered by BESRA_CPU=scalar|avx2|avx512
 * in the environment (a level that the processor lacks, or an unknown word, is ignored). Read once. ARM64 has
 * the lowest only. */
enum cpu_level cpu_level(void);

/* What the processor can do, whatever BESRA_CPU says: for tests of the twins. */
enum cpu_level cpu_level_of_machine(void);

/* Instructions for products of fewer bits, which the level in force lets be used: of bf16 (AVX512-BF16, AMX),
 * of bytes (AVX512-VNNI). */
bool cpu_has_bf16(void);
bool cpu_has_int8(void);

/* "scalar", "avx2", "avx512"; on ARM64 the lowest is "neon", since nothing there is without it. */
const char *cpu_level_name(enum cpu_level level);
