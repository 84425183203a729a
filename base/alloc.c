#include "base/alloc.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Pages of 2 MB, as x86-64 and ARM64 have them: a block of LARGE touches a thousand times fewer pages. */
static const size_t huge_page = (size_t)2 << 20, large = (size_t)4 << 20;

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

static void *allocate_large(size_t bytes)
{
    if (bytes > SIZE_MAX - huge_page)
        return NULL;
    bytes = (bytes + huge_page - 1) / huge_page * huge_page;
    void *block = aligned_alloc(huge_page, bytes);
    if (block)
        (void)madvise(block, bytes, MADV_HUGEPAGE); /* a hint: small pages do as well */
    return block;
}

void *mem_alloc(size_t bytes)
{
    if (allocation_fails())
        return NULL;
    return bytes >= large ? allocate_large(bytes) : malloc(bytes ? bytes : 1);
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
    if (bytes >= large)
        return allocate_large(bytes);
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
