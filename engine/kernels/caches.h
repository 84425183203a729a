/* engine/kernels/caches.h: how much of a processor's memory is near. */
#pragma once

#include <stddef.h>

struct caches {
    size_t l1, l2; /* bytes of a core */
    size_t l3;     /* bytes that all cores share; at least l2 */
};

/* As the system tells, else those of a small processor. */
struct caches caches_of_machine(void);
