/* base/alloc.h: memory. Every allocation of besra's own goes through here, so that a test can make
 * the n-th one fail. Freed by mem_free(), which takes NULL. */
#pragma once

#include <stddef.h>

enum { MEM_ALIGNMENT = 64 }; /* a cache line, and the widest vector */

/* `bytes` of uninitialised memory (at least one), or NULL. */
void *mem_alloc(size_t bytes);

/* `count` zeroed items of `size` bytes, or NULL, also when the product overflows. */
void *mem_alloc_zeroed(size_t count, size_t size);

/* `count` uninitialised items of `size` bytes, aligned to MEM_ALIGNMENT; NULL as above. */
void *mem_alloc_aligned(size_t count, size_t size);

/* Changes the size of a block that mem_alloc() or mem_alloc_zeroed() made (not mem_alloc_aligned());
 * NULL as above, the block is then untouched. */
void *mem_resize(void *block, size_t count, size_t size);

/* A copy of `text`, or NULL. */
char *mem_copy_text(const char *text);

void mem_free(void *block);

/* a * b, or 0 when that overflows: sizes that are to be allocated are never 0. */
size_t mem_product(size_t a, size_t b);

/* Tests: the n-th allocation from now (1 is the next) and all after it fail; 0 ends that.
 * Returns how many were asked for since the last call. */
size_t mem_fail_from(size_t n);
