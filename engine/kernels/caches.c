#include "engine/kernels/caches.h"

#include <unistd.h>

static size_t size_of(int name, size_t otherwise)
{
    long size = name < 0 ? -1 : sysconf(name);
    return size > 0 ? (size_t)size : otherwise;
}

struct caches caches_of_machine(void)
{
#if defined(_SC_LEVEL1_DCACHE_SIZE)
    enum { L1 = _SC_LEVEL1_DCACHE_SIZE, L2 = _SC_LEVEL2_CACHE_SIZE, L3 = _SC_LEVEL3_CACHE_SIZE };
#else
    enum { L1 = -1, L2 = -1, L3 = -1 };
#endif
    struct caches caches = {size_of(L1, 32 << 10), size_of(L2, 512 << 10), size_of(L3, 4 << 20)};

    if (caches.l3 < caches.l2)
        caches.l3 = caches.l2;
    return caches;
}
