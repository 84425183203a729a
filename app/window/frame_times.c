#include "app/window/frame_times.h"

#include "base/alloc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct frame_times {
    FILE  *file;
    double first_ms; /* of the inputs that no frame has answered yet */
    int    inputs;
};

bsr_status frame_times_open(struct frame_times **out, const char *path, struct bsr_error *err)
{
    struct frame_times *made = mem_alloc_zeroed(1, sizeof *made);
    if (!made)
        return bsr_fail_memory(err, path, sizeof *made);
    made->file = fopen(path, "we");
    if (!made->file) {
        mem_free(made);
        return bsr_fail(err, BSR_EIO, path, "times of frames can't be written there: %s", strerror(errno));
    }
    *out = made;
    return BSR_OK;
}

void frame_times_close(struct frame_times *times)
{
    if (!times)
        return;
    fclose(times->file); /* a measurement that is cut off shows that by itself */
    mem_free(times);
}

void frame_times_input(struct frame_times *times, double at_ms)
{
    if (times && times->inputs++ == 0)
        times->first_ms = at_ms;
}

void frame_times_frame(struct frame_times *times, double began_ms, double ended_ms)
{
    if (!times)
        return;
    fprintf(times->file, "%.3f %.3f ", ended_ms, ended_ms - began_ms);
    if (times->inputs)
        fprintf(times->file, "%.3f %d\n", ended_ms - times->first_ms, times->inputs);
    else
        fprintf(times->file, "- 0\n");
    times->inputs = 0;
}
