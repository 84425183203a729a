#include "tests/app/window/fake_live.h"

#include "base/alloc.h"

#include <stdlib.h>

struct fake_live fake_live;

static struct bsr_image frame;

static const char *const names[] = {"person", "bicycle", "\xd0\xba\xd0\xbe\xd1\x88\xd0\xba\xd0\xb0",
                                    "a class with a rather long name of its own"};

static const struct track tracks[] = {
    {.id = 1, .class_index = 0, .score = 0.94, .x1 = 40, .y1 = 120, .x2 = 170, .y2 = 400, .box = 0},
    {.id = 2, .class_index = 1, .score = 0.71, .x1 = 220, .y1 = 230, .x2 = 390, .y2 = 420, .box = 1},
    {.id = 7, .class_index = 2, .score = 0.55, .x1 = 430, .y1 = 330, .x2 = 520, .y2 = 440, .box = 2},
    {.id = 12, .class_index = 3, .score = 0.48, .x1 = 470, .y1 = 60, .x2 = 620, .y2 = 200, .box = -1}};

/* Stripes like a road, so that lines and labels stand on what is light and what is dark. */
static void paint_road(void)
{
    if (image_alloc(&frame, 640, 480, 3, 8, NULL) != BSR_OK)
        abort();
    for (int y = 0; y < 480; y++)
        for (int x = 0; x < 640; x++) {
            uint8_t  *pixel = image_row(&frame, y) + 3 * x;
            const int light = (x + y) / 60 % 4 * 55;
            pixel[0] = (uint8_t)(40 + light / 2 + x / 16);
            pixel[1] = (uint8_t)(50 + light);
            pixel[2] = (uint8_t)(60 + light - y / 16);
        }
}

void fake_live_start(void)
{
    paint_road();
    fake_live = (struct fake_live){
        .shot = {.serial = 1,
                 .state = LIVE_RUNNING,
                 .frame = &frame,
                 .frame_number = 1234,
                 .frame_time = 82.3,
                 .tracks = tracks,
                 .count = sizeof tracks / sizeof *tracks,
                 .looked_number = 1234,
                 .stats = {.frames = 1235,
                           .looked = 1200,
                           .dropped = 35,
                           .fps = 29.9,
                           .net_fps = 29.1,
                           .latency_ms = 41,
                           .timing = {.decode = 1.2, .pre = 0.6, .net = 24.8, .post = 0.1}},
                 .confidence = 0.4,
                 .iou = 0.45,
                 .class_names = names,
                 .class_count = sizeof names / sizeof *names}};
}

void fake_live_stop(void)
{
    image_free(&frame);
}

/* ---- pipeline/live.h -------------------------------------------------------------------------------- */

struct live_snapshot live_snapshot(struct live *live)
{
    (void)live;
    fake_live.shot.serial++;
    return fake_live.shot;
}

void live_release(struct live *live, struct live_snapshot *snapshot)
{
    (void)live;
    (void)snapshot;
}

void live_set_thresholds(struct live *live, double confidence, double iou)
{
    (void)live;
    fake_live.shot.confidence = confidence;
    fake_live.shot.iou = iou;
}

void live_pause(struct live *live, bool pause)
{
    (void)live;
    fake_live.paused = pause;
    fake_live.shot.state = pause ? LIVE_PAUSED : LIVE_RUNNING;
}

void live_step(struct live *live)
{
    (void)live;
    fake_live.steps++;
}

void live_record(struct live *live, bool on)
{
    (void)live;
    fake_live.shot.recording = on;
}

bsr_status live_set_shapes(struct live *live, const struct count_shape *shapes, int count,
                           struct bsr_error *err)
{
    (void)live;
    (void)shapes;
    (void)err;
    fake_live.shape_count = count;
    return BSR_OK;
}

bsr_status live_counts(struct live *live, int index, struct count_row **out, size_t *count,
                       struct bsr_error *err)
{
    static const struct count_row counted[] = {
        {.class_index = 0, .there = 12, .back = 9, .inside = 3},
        {.class_index = 3, .there = 104, .back = 0, .inside = 0},
    };
    struct count_row *rows = mem_alloc_zeroed(2, sizeof *rows);

    (void)live;
    (void)index;
    if (!rows)
        return bsr_fail_memory(err, "counts", sizeof *rows);
    rows[0] = counted[0];
    rows[1] = counted[1];
    *out = rows;
    *count = 2;
    return BSR_OK;
}

bsr_status live_save(struct live *live, const char *path, bool plain, struct bsr_error *err)
{
    (void)live;
    (void)path;
    (void)plain;
    (void)err;
    fake_live.saves++;
    return BSR_OK;
}

/* ---- pipeline/lens.h: there is none ------------------------------------------------------------------ */

static char no_lens;

bsr_status lens_open_later(struct lens **out, const char *model, const struct model_hints *hints,
                           void (*wake)(void *context), void *context, struct bsr_error *err)
{
    (void)model;
    (void)hints;
    (void)wake;
    (void)context;
    (void)err;
    *out = (struct lens *)&no_lens;
    return BSR_OK;
}

bool lens_is_opening(struct lens *lens)
{
    (void)lens;
    return fake_live.lens_opening;
}

void lens_close(struct lens *lens)
{
    (void)lens;
}

bsr_status lens_ask(struct lens *lens, const struct bsr_image *image, int x, int y, int width, int height,
                    double factor, struct bsr_error *err)
{
    (void)lens;
    (void)image;
    (void)x;
    (void)y;
    (void)width;
    (void)height;
    (void)factor;
    (void)err;
    return BSR_OK;
}

bsr_status lens_take(struct lens *lens, struct lens_picture *out, bool *there, struct bsr_error *err)
{
    (void)lens;
    (void)out;
    *there = false;
    return fake_live.lens_opening ? BSR_OK : bsr_fail(err, BSR_EMISSING, "srcnn", "no such model");
}
