#include "base/priority.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/resource.h>

/* Beside a thread at the usual 0 one at 10 has a tenth of a processor while both want all of it. By
 * measurement (bench/view.py, two processors, a folder through the net) the 99th percentile from an input to
 * the screen is 27 ms with 0, 20 with 5, 14 with 10; idle threads (SCHED_IDLE) are no better, and a compiler
 * in the background would stop a net that is one. */
enum { WORKER_NICE = 10, UNCHANGED = 1000 };

/* What workers are to have. */
static atomic_int wanted = UNCHANGED;

void priority_lower_workers(void)
{
    errno = 0;
    const int own = getpriority(PRIO_PROCESS, 0);
    if (errno == 0)
        atomic_store(&wanted, own + WORKER_NICE);
}

/* On Linux 0 is the calling thread, not its process; one that can't be changed is as before. */
void priority_enter_worker(void)
{
    const int nice = atomic_load(&wanted);
    if (nice != UNCHANGED)
        (void)setpriority(PRIO_PROCESS, 0, nice);
}
