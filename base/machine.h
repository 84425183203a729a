/* base/machine.h: how much of the machine this program may use: fewer processors and less memory than there
 * are in a container, a Slurm job or under taskset. */
#pragma once

#include <stdint.h>

struct machine {
    int      processors; /* 1 or more: those it may run on, and as much time as control groups give it */
    uint64_t memory;     /* bytes; 0 when the system doesn't tell */
};

/* Affinity, and the limits of the control groups that the process is in, of both versions: a limit of 2.5
 * processors is 2, since a third thread would stop the others as often as it helps them. `root` is what /proc
 * and /sys lie below: "" but in tests. */
struct machine machine_find(const char *root);
