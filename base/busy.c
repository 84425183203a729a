#include "base/busy.h"

#include <stdatomic.h>

static atomic_int        at_work, most;
static _Thread_local int depth;

void busy_begin(void)
{
    if (depth++ > 0)
        return;
    int now = atomic_fetch_add_explicit(&at_work, 1, memory_order_relaxed) + 1;
    int seen = atomic_load_explicit(&most, memory_order_relaxed);
    while (now > seen && !atomic_compare_exchange_weak_explicit(&most, &seen, now, memory_order_relaxed,
                                                                memory_order_relaxed)) {
    }
}

void busy_end(void)
{
    if (--depth == 0)
        atomic_fetch_sub_explicit(&at_work, 1, memory_order_relaxed);
}

int busy_take_most(void)
{
    int now = atomic_load_explicit(&at_work, memory_order_relaxed);
    return atomic_exchange_explicit(&most, now, memory_order_relaxed);
}
