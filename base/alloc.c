#include "base/alloc.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static atomic_size_t fail_from; /* 0: never */
static atomic_size_t asked;

static bool allocation_fails(void)
{
    size_t number = atomic_fetch_add_explicit(&asked, 1, memory_order_relaxed) + 1;
    size_t first = atomic_load_explicit(&fail_from, memory_order_relaxed);
    return first && number >= first;
}

size_t mem_fail_from(size_t n)
{
    atomic_store(&fail_from, n);
    return atomic_exchange(&asked, 0);
}

size_t mem_product(size_t a, size_t b)
{
    return b && a > SIZE_MAX / b ? 0 : a * b;
}

void *mem_alloc(size_t bytes)
{
    return allocation_fails() ? NULL : malloc(bytes ? bytes : 1);
}

void *mem_alloc_zeroed(size_t count, size_t size)
{
    return allocation_fails() ? NULL : calloc(count ? count : 1, size ? size : 1);
}

void *mem_alloc_aligned(size_t count, size_t size)
{
    size_t bytes = mem_product(count, size);
    if (!bytes || bytes > SIZE_MAX - MEM_ALIGNMENT || allocation_fails())
        return NULL;
    return aligned_alloc(MEM_ALIGNMENT, (bytes + MEM_ALIGNMENT - 1) / MEM_ALIGNMENT * MEM_ALIGNMENT);
}

void *mem_resize(void *block, size_t count, size_t size)
{
    size_t bytes = mem_product(count, size);
    if (!bytes || allocation_fails())
        return NULL;
    return realloc(block, bytes);
}

char *mem_copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char  *copy = mem_alloc(size);
    if (copy)
        memcpy(copy, text, size);
    return copy;
}

void mem_free(void *block)
{
    free(block);
}
