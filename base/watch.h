/* base/watch.h: long work that tells how far it is, and can be ended. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct watch {
    bool (*go_on)(void *context, double part); /* called now and then by the thread that asked for the work;
                                                  `part` rises from 0 to 1; false: leave off */
    void *context;
};

/* True for NULL. */
static inline bool watch_go_on(const struct watch *watch, double part)
{
    return !watch || watch->go_on(watch->context, part);
}
