#include "pipeline/live_frames.h"

#include "base/alloc.h"

#include <string.h>

bsr_status live_frames_open(struct live_frames *out, int count, struct bsr_error *err)
{
    struct live_frame *items = mem_alloc_zeroed((size_t)count, sizeof *items);
    if (!items)
        return bsr_fail_memory(err, NULL, (size_t)count * sizeof *items);
    *out = (struct live_frames){.items = items, .count = count};
    return BSR_OK;
}

void live_frames_close(struct live_frames *frames)
{
    for (int i = 0; i < frames->count; i++)
        image_free(&frames->items[i].image);
    mem_free(frames->items);
    *frames = (struct live_frames){0};
}

/* The first, always: those that are rarely needed then never get a picture. */
struct live_frame *live_frames_take(struct live_frames *frames)
{
    for (int i = 0; i < frames->count; i++)
        if (frames->items[i].users == 0)
            return live_frame_share(&frames->items[i]);
    return NULL;
}

bsr_status live_picture_copy(struct bsr_image *to, const struct bsr_image *from, struct bsr_error *err)
{
    if (to->width != from->width || to->height != from->height) {
        struct bsr_image made;
        bsr_status       status = image_alloc(&made, from->width, from->height, 3, 8, err);
        if (status != BSR_OK)
            return status;
        image_free(to);
        *to = made;
    }
    for (int y = 0; y < from->height; y++)
        memcpy(image_row(to, y), image_row(from, y), 3 * (size_t)from->width);
    return BSR_OK;
}
