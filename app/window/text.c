#include "app/window/text.h"

#include "base/alloc.h"
#include "base/image.h"

#include <math.h>
#include <string.h>

enum { BUCKETS = 1024 };

/* A line that was measured and, when it was painted, drawn. */
struct run {
    struct run *next_in_bucket, *newer, *older;
    uint64_t    key;
    int         size;
    bool        dark;

    struct text_extent extent;
    texture_id         texture; /* 0: not drawn yet, or there is no ink */
    bool               drawn;
    int                width, height, left; /* of the texture; where the pen is on it */
    size_t             bytes;
    char               line[]; /* owned */
};

struct window_text {
    const struct display_module *module;
    struct display              *display;
    struct typesetter           *typesetter;
    size_t                       budget, bytes;
    struct run                  *newest, *oldest;
    struct run                  *buckets[BUCKETS];
};

bsr_status text_open(struct window_text **out, const struct display_module *module, struct display *display,
                     size_t budget, struct bsr_error *err)
{
    struct text_extent  extent;
    struct window_text *made = mem_alloc_zeroed(1, sizeof *made);
    if (!made)
        return bsr_fail_memory(err, "window", sizeof *made);
    made->module = module;
    made->display = display;
    made->budget = budget;
    bsr_status status = typesetter_open(&made->typesetter, err);
    if (status == BSR_OK)
        status = typesetter_measure(made->typesetter, " ", 16, &extent,
                                    err); /* now it is known if there is a font */
    if (status != BSR_OK) {
        text_close(made);
        return status;
    }
    *out = made;
    return BSR_OK;
}

/* ---- the runs that are kept ---- */

/* FNV-1a (Fowler, Noll, Vo). */
static uint64_t make_key(const char *line, int size, bool dark)
{
    uint64_t key = 0xCBF29CE484222325U ^ (uint64_t)(size * 2 + dark);
    for (; *line; line++)
        key = (key ^ (uint8_t)*line) * 0x100000001B3U;
    return key;
}

static void unlink_run(struct window_text *text, struct run *run)
{
    if (run->newer)
        run->newer->older = run->older;
    else
        text->newest = run->older;
    if (run->older)
        run->older->newer = run->newer;
    else
        text->oldest = run->newer;
    run->newer = run->older = NULL;
}

static void make_newest(struct window_text *text, struct run *run)
{
    run->older = text->newest;
    if (text->newest)
        text->newest->newer = run;
    else
        text->oldest = run;
    text->newest = run;
}

static void drop(struct window_text *text, struct run *run)
{
    struct run **link = &text->buckets[run->key % BUCKETS];
    while (*link != run)
        link = &(*link)->next_in_bucket;
    *link = run->next_in_bucket;
    unlink_run(text, run);
    text->bytes -= run->bytes;
    if (run->texture)
        text->module->texture_free(text->display, run->texture);
    mem_free(run);
}

/* Gives up what was not used for longest until `bytes` more are in the budget; `kept` stays. */
static void make_room(struct window_text *text, size_t bytes, const struct run *kept)
{
    while (text->oldest && text->oldest != kept && text->bytes + bytes > text->budget)
        drop(text, text->oldest);
}

void text_close(struct window_text *text)
{
    if (!text)
        return;
    while (text->oldest)
        drop(text, text->oldest);
    typesetter_close(text->typesetter);
    mem_free(text);
}

size_t text_bytes(const struct window_text *text)
{
    return text->bytes;
}

static struct run *add_run(struct window_text *text, uint64_t key, const char *line, int size, bool dark)
{
    struct text_extent extent;
    size_t             length = strlen(line) + 1, bytes = sizeof(struct run) + length;
    if (typesetter_measure(text->typesetter, line, size, &extent, NULL) != BSR_OK)
        return NULL;
    struct run *made = mem_alloc_zeroed(1, bytes);
    if (!made)
        return NULL;
    make_room(text, bytes, NULL);
    made->key = key;
    made->size = size;
    made->dark = dark;
    made->extent = extent;
    made->bytes = bytes;
    memcpy(made->line, line, length);
    made->next_in_bucket = text->buckets[key % BUCKETS];
    text->buckets[key % BUCKETS] = made;
    make_newest(text, made);
    text->bytes += bytes;
    return made;
}

/* The run of a line, measured, and now the newest. NULL: memory ended. */
static struct run *find_run(struct window_text *text, const char *line, float size, bool dark)
{
    int         pixels = size >= 1 ? (int)lroundf(fminf(size, TEXT_MOST_SIZE)) : 1;
    uint64_t    key = make_key(line, pixels, dark);
    struct run *run = text->buckets[key % BUCKETS];
    while (run &&
           (run->key != key || run->size != pixels || run->dark != dark || strcmp(run->line, line) != 0))
        run = run->next_in_bucket;
    if (!run)
        return add_run(text, key, line, pixels, dark);
    unlink_run(text, run);
    make_newest(text, run);
    return run;
}

/* ---- measuring and painting ---- */

/* Light ink is what most of a window has: the measure of both is the same. */
struct text_extent text_measure(struct window_text *text, const char *line, float size)
{
    const struct run *run = find_run(text, line, size, false);
    return run ? run->extent : (struct text_extent){0};
}

/* Ink may lean out of its advance, by a quarter of the em at most in the fonts that there are. */
static void draw_run(struct window_text *text, struct run *run)
{
    struct bsr_image cover;
    int              most = text->module->texture_most(text->display), lean = 1 + run->size / 4;
    int              width = run->extent.width + 2 * lean, height = run->extent.ascent + run->extent.descent;
    width = width < most ? width : most;
    if (height < 1 || image_alloc(&cover, width, height, 1, 8, NULL) != BSR_OK)
        return;
    memset(cover.data, 0, cover.stride * (size_t)height);
    size_t bytes = (size_t)width * (size_t)height * 4;
    make_room(text, bytes, run);
    if (typesetter_cover(text->typesetter, &cover, lean, run->extent.ascent, run->line, run->size, run->dark,
                         NULL) == BSR_OK)
        run->texture = text->module->texture_make(text->display, &cover);
    image_free(&cover);
    if (!run->texture)
        return;
    run->drawn = true;
    run->width = width;
    run->height = height;
    run->left = lean;
    run->bytes += bytes;
    text->bytes += bytes;
}

void text_add(struct window_text *text, struct paint_list *list, float x, float baseline, const char *line,
              float size, struct colour colour)
{
    bool dark = 2 * colour.r + 7 * colour.g + colour.b < 10 * 150; /* luma: colours on light grounds are */
    if (!text->display || !line[strspn(line, " ")])
        return;
    struct run *run = find_run(text, line, size, dark);
    if (run && !run->drawn)
        draw_run(text, run);
    if (!run || !run->texture)
        return;
    float       width = (float)run->width, height = (float)run->height;
    struct rect to = {roundf(x) - (float)run->left, roundf(baseline) - (float)run->extent.ascent, width,
                      height};
    paint_image(list, run->texture, (struct rect){0, 0, width, height}, to, colour, false);
}
