#include "media/bmp_runs.h"

/* A pair of bytes is a count and its value, or 0 and one of these, or 0 and a count of values that follow. */
enum { END_OF_ROW = 0, END_OF_PICTURE = 1, MOVE = 2 };

struct runs {
    uint8_t       *indices;
    size_t         width, height, x, y;
    const uint8_t *data, *end;
    unsigned       bits;
};

/* Value `i` of a run: of 4 bits two are in a byte and take turns. */
static uint8_t run_value(const struct runs *runs, const uint8_t *values, size_t i)
{
    if (runs->bits == 8)
        return values[i];
    return i % 2 ? values[i / 2] & 15 : values[i / 2] >> 4;
}

/* Writers fill rows to an even count: what lies behind the right edge is passed over. */
static bool put(struct runs *runs, uint8_t value)
{
    if (runs->y >= runs->height)
        return false;
    if (runs->x < runs->width)
        runs->indices[runs->y * runs->width + runs->x++] = value;
    return true;
}

static bool put_run(struct runs *runs, size_t count, uint8_t value)
{
    const uint8_t pair[1] = {value};
    for (size_t i = 0; i < count; i++)
        if (!put(runs, run_value(runs, pair, runs->bits == 8 ? 0 : i % 2)))
            return false;
    return true;
}

/* As many values as said, padded to an even number of bytes. */
static bool put_values(struct runs *runs, size_t count)
{
    size_t bytes = runs->bits == 8 ? count : (count + 1) / 2;
    if (bytes > (size_t)(runs->end - runs->data))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!put(runs, run_value(runs, runs->data, i)))
            return false;
    bytes += bytes % 2;
    runs->data += bytes < (size_t)(runs->end - runs->data) ? bytes : (size_t)(runs->end - runs->data);
    return true;
}

static bool move(struct runs *runs)
{
    if (runs->end - runs->data < 2)
        return false;
    runs->x += runs->data[0];
    runs->y += runs->data[1];
    runs->data += 2;
    return runs->x <= runs->width && runs->y <= runs->height;
}

bool bmp_read_runs(uint8_t *indices, size_t width, size_t height, const uint8_t *data, size_t size,
                   unsigned bits)
{
    struct runs runs = {
        .indices = indices, .width = width, .height = height, .data = data, .end = data + size, .bits = bits};
    while (runs.end - runs.data >= 2) {
        unsigned count = runs.data[0], what = runs.data[1];
        bool     inside = true;
        runs.data += 2;
        if (count) {
            inside = put_run(&runs, count, (uint8_t)what);
        } else if (what == END_OF_PICTURE) {
            return true;
        } else if (what == END_OF_ROW) {
            runs.x = 0;
            runs.y++;
        } else {
            inside = what == MOVE ? move(&runs) : put_values(&runs, what);
        }
        if (!inside)
            return false;
    }
    return false;
}
