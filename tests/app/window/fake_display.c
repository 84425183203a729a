#include "fake_display.h"

#include "base/alloc.h"
#include "base/image.h"

#include <string.h>

static bsr_status fake_open(struct display **out, const struct display_options *options,
                            struct bsr_error *err)
{
    struct display *made = mem_alloc_zeroed(1, sizeof *made);
    (void)options;
    if (!made)
        return bsr_fail_memory(err, "window", sizeof *made);
    *out = made;
    return BSR_OK;
}

static void fake_close(struct display *display)
{
    mem_free(display);
}

static void fake_size(const struct display *display, int *width, int *height, float *scale)
{
    (void)display;
    *width = 640;
    *height = 480;
    *scale = 1;
}

static bool fake_next_event(struct display *display, struct event *out, int wait_ms)
{
    (void)wait_ms;
    if (display->event_next == display->event_count)
        return false;
    *out = display->events[display->event_next++];
    return true;
}

static void fake_wake(struct display *display)
{
    display->wakes++;
}

static texture_id fake_make(struct display *display, const struct bsr_image *image)
{
    size_t id = display->made + 1;
    if (image->width > FAKE_MOST || image->height > FAKE_MOST ||
        id >= sizeof display->sides / sizeof *display->sides)
        return 0;
    display->made++;
    display->bytes += (size_t)image->width * (size_t)image->height * 4;
    display->sides[id][0] = image->width;
    display->sides[id][1] = image->height;
    return (texture_id)id;
}

static bool fake_update(struct display *display, texture_id texture, const struct bsr_image *image)
{
    display->updated++;
    return display->sides[texture][0] == image->width && display->sides[texture][1] == image->height;
}

static void fake_free(struct display *display, texture_id texture)
{
    display->freed++;
    display->bytes -= (size_t)display->sides[texture][0] * (size_t)display->sides[texture][1] * 4;
    memset(display->sides[texture], 0, sizeof display->sides[texture]);
}

static int fake_most(const struct display *display)
{
    (void)display;
    return FAKE_MOST;
}

static void fake_show(struct display *display, const struct paint_list *list, struct colour background)
{
    (void)list;
    (void)background;
    display->shown++;
}

static bsr_status fake_shot(struct display *display, struct bsr_image *out, struct bsr_error *err)
{
    struct bsr_image made;
    bsr_status       status = image_alloc(&made, 64, 48, 3, 8, err);
    if (status != BSR_OK)
        return status;
    memset(made.data, 0, made.stride * 48);
    display->shots++;
    *out = made;
    return BSR_OK;
}

static void fake_set_clipboard(struct display *display, const char *text)
{
    (void)display;
    (void)text;
}

static char *fake_clipboard(struct display *display)
{
    (void)display;
    return NULL;
}

static void fake_set_pointer(struct display *display, int shape)
{
    (void)display;
    (void)shape;
}

static void fake_set_full_screen(struct display *display, bool full)
{
    (void)display;
    (void)full;
}

const struct display_module fake_display = {
    .version = DISPLAY_MODULE_VERSION,
    .open = fake_open,
    .close = fake_close,
    .size = fake_size,
    .next_event = fake_next_event,
    .wake = fake_wake,
    .texture_make = fake_make,
    .texture_update = fake_update,
    .texture_free = fake_free,
    .texture_most = fake_most,
    .show = fake_show,
    .shot = fake_shot,
    .set_clipboard = fake_set_clipboard,
    .clipboard = fake_clipboard,
    .set_title = fake_set_clipboard,
    .set_pointer = fake_set_pointer,
    .set_full_screen = fake_set_full_screen,
};
