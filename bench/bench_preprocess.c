/* Times the kernels of preprocess/ at every processor level: median of 20 runs, one thread.
 * ninja bench_preprocess && bench/bench_preprocess */
#include "base/alloc.h"
#include "base/clock.h"
#include "preprocess/bicubic_kernels.h"
#include "preprocess/letterbox_kernels.h"
#include "preprocess/planes_kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 20 };

/* What a case works on; each uses what it needs. */
struct work {
    enum cpu_level        level;
    struct bsr_image      image;
    struct letterbox_plan plan;
    float                *planes, *more_planes;
};

static void fail(const struct bsr_error *err)
{
    fprintf(stderr, "bench_preprocess: %s\n", err->message);
    exit(1);
}

static void letterbox_once(struct work *work)
{
    static const struct pack_params pack = {
        .scale = {1 / 255.0F, 1 / 255.0F, 1 / 255.0F}, .pad = 114, .to_rgb = 1};
    struct letterbox_kernels kernels;
    struct bsr_error         err;

    letterbox_kernels_init(&kernels, work->level);
    if (letterbox_pack_by(&kernels, work->planes, &work->image, &work->plan, &pack, NULL, &err) != BSR_OK)
        fail(&err);
}

static void bicubic_once(struct work *work)
{
    struct bicubic_kernels kernels;
    struct bsr_error       err;

    bicubic_kernels_init(&kernels, work->level);
    for (size_t c = 0; c < 3; c++) {
        struct bicubic_plane plane = {
            .src = work->planes + c * 256 * 256,
            .src_stride = 256,
            .in_width = 256,
            .in_height = 256,
            .dst = work->more_planes + c * 768 * 768,
            .dst_stride = 768,
            .out_width = 768,
            .out_height = 768,
            .step_x = 1.0 / 3,
            .step_y = 1.0 / 3,
        };
        if (bicubic_enlarge_by(&kernels, &plane, NULL, &err) != BSR_OK)
            fail(&err);
    }
}

static void from_image_once(struct work *work)
{
    struct planes_kernels kernels;
    planes_kernels_init(&kernels, work->level);
    planes_from_image_by(&kernels, work->planes, &work->image, NULL);
}

static void to_image_once(struct work *work)
{
    struct planes_kernels kernels;
    planes_kernels_init(&kernels, work->level);
    planes_to_image_by(&kernels, &work->image, work->planes, NULL);
}

static void to_ycc_once(struct work *work)
{
    struct planes_kernels kernels;
    size_t                count = (size_t)work->image.width * (size_t)work->image.height;
    float *const       ycc[3] = {work->more_planes, work->more_planes + count, work->more_planes + 2 * count};
    const float *const bgr[3] = {work->planes, work->planes + count, work->planes + 2 * count};

    planes_kernels_init(&kernels, work->level);
    kernels.to_ycc(ycc, bgr, count);
}

static int compare_times(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_ms(void (*once)(struct work *), struct work *work)
{
    double ms[RUNS];

    once(work); /* the first touch of the memory */
    for (int i = 0; i < RUNS; i++) {
        double start = clock_ms();
        once(work);
        ms[i] = clock_ms() - start;
    }
    qsort(ms, RUNS, sizeof *ms, compare_times);
    return (ms[RUNS / 2 - 1] + ms[RUNS / 2]) / 2;
}

static void report(const char *name, void (*once)(struct work *), struct work *work, double pixels)
{
    double scalar = 0;

    for (int level = CPU_SCALAR; level <= (int)cpu_level_of_machine(); level++) {
        work->level = (enum cpu_level)level;
        double ms = median_ms(once, work);
        if (level == CPU_SCALAR)
            scalar = ms;
        printf("%-34s %-7s %8.3f ms %7.2f ns/pixel %6.2f x scalar\n", name,
               cpu_level_name((enum cpu_level)level), ms, ms * 1e6 / pixels, scalar / ms);
    }
}

static void make_image(struct work *work, int width, int height, int channels, int depth)
{
    struct bsr_error err;

    image_free(&work->image);
    if (image_alloc(&work->image, width, height, channels, depth, &err) != BSR_OK)
        fail(&err);
    uint8_t *data = work->image.data;
    for (size_t i = 0; i < work->image.stride * (size_t)height; i++)
        data[i] = (uint8_t)(i * 2654435761U >> 13);
}

static void report_letterbox(struct work *work, int width, int height, enum letterbox_mode mode,
                             const char *name)
{
    struct bsr_error err;

    make_image(work, width, height, 3, 8);
    if (letterbox_make_plan(&work->plan, width, height, 640, 640, 32, mode, &err) != BSR_OK)
        fail(&err);
    report(name, letterbox_once, work, (double)work->plan.in_width * work->plan.in_height);
}

static void report_planes(struct work *work, int channels, int depth)
{
    char name[64];

    make_image(work, 1024, 768, channels, depth);
    snprintf(name, sizeof name, "planes_from_image %d x %d bits", channels, depth);
    report(name, from_image_once, work, 1024 * 768);
    snprintf(name, sizeof name, "planes_to_image %d x %d bits", channels, depth);
    report(name, to_image_once, work, 1024 * 768);
}

int main(void)
{
    size_t      count = (size_t)4 * 1024 * 1024;
    struct work work = {.planes = mem_alloc_aligned(count, sizeof(float)),
                        .more_planes = mem_alloc_aligned(count, sizeof(float))};

    if (!work.planes || !work.more_planes)
        return 1;
    for (size_t i = 0; i < count; i++)
        work.planes[i] = (float)(i * 2654435761U >> 13 & 0xFF);

    report("bicubic 256 -> 768, 3 planes", bicubic_once, &work, 3.0 * 768 * 768);
    report_letterbox(&work, 1920, 1080, LETTERBOX_SQUARE, "letterbox 1920x1080 -> 640x640");
    report_letterbox(&work, 1920, 1080, LETTERBOX_RECT, "letterbox 1920x1080 -> 640x384");
    report_letterbox(&work, 810, 1080, LETTERBOX_SQUARE, "letterbox 810x1080 -> 640x640");
    report_letterbox(&work, 320, 240, LETTERBOX_SQUARE, "letterbox 320x240 -> 640x640");
    report_planes(&work, 3, 8);
    report_planes(&work, 4, 8);
    report_planes(&work, 3, 16);
    report_planes(&work, 4, 16);
    report("planes_bgr_to_ycc", to_ycc_once, &work, 1024 * 768);

    image_free(&work.image);
    mem_free(work.planes);
    mem_free(work.more_planes);
    return 0;
}
