/* Windows of any size give what the whole picture gives, bit for bit, whatever the net and the number of
 * threads. */
#include "base/alloc.h"
#include "base/image.h"
#include "engine/engine.h"
#include "pipeline/upscale_planes.h"
#include "tests/pipeline/super_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef BESRA_SANITIZED
enum { SEEDS = 5, FACTOR_STEP = 2 };
#else
enum { SEEDS = 60, FACTOR_STEP = 1 };
#endif

static char folder[] = "/tmp/besra-tiles-XXXXXX";

static int enter(void **state)
{
    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave(void **state)
{
    (void)state;
    unlink("net.onnx");
    return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static float sample(size_t i)
{
    uint64_t mixed = (i + 1) * 0x9E3779B97F4A7C15U;
    mixed ^= mixed >> 29;
    return (float)(mixed * 0xBF58476D1CE4E5B9U >> 40) / (float)(1 << 24);
}

/* Planes that a net reads and fills. */
struct planes {
    float *in, *out;
    int    channels, width, height, factor;
};

static void give(void *context, int worker, int y, float *const rows[3])
{
    const struct planes *planes = context;
    size_t               width = (size_t)planes->width;

    (void)worker;
    for (int c = 0; c < planes->channels; c++)
        memcpy(rows[c], planes->in + ((size_t)c * (size_t)planes->height + (size_t)y) * width,
               width * sizeof(float));
}

static void take(void *context, int worker, int y, const float *const rows[3])
{
    const struct planes *planes = context;
    size_t               width = (size_t)planes->width * (size_t)planes->factor,
           height = (size_t)planes->height * (size_t)planes->factor;

    (void)worker;
    assert_in_range(y, 0, height - 1);
    for (int c = 0; c < planes->channels; c++)
        memcpy(planes->out + ((size_t)c * height + (size_t)y) * width, rows[c], width * sizeof(float));
}

static struct model open_model(const char *path, int tile, const char *backend)
{
    struct model       model = {0};
    struct model_hints hints = {.tile = tile, .engine = {.backend = backend}};
    struct bsr_error   err = {0};

    if (model_open(&model, path, CARD_UPSCALE, &hints, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    return model;
}

/* What the net makes of a picture of random numbers; release `out`. */
static struct planes run(struct model *model, int width, int height, int threads)
{
    int              channels = (int)model->input.shape[1], factor = upscale_net_factor(model);
    size_t           pixels = (size_t)channels * (size_t)width * (size_t)height;
    struct planes    planes = {.in = mem_alloc(pixels * sizeof(float)),
                               .out = mem_alloc_zeroed(pixels * (size_t)factor * (size_t)factor, sizeof(float)),
                               .channels = channels,
                               .width = width,
                               .height = height,
                               .factor = factor};
    struct tiler    *tiler = NULL;
    struct pool     *pool = NULL;
    struct bsr_error err = {0};

    for (size_t i = 0; i < pixels; i++)
        planes.in[i] = sample(i);
    engine_set_threads(threads);
    assert_int_equal(pool_create(&pool, threads, &err), BSR_OK);
    if (tiler_open(&tiler, model, &err) != BSR_OK ||
        tiler_run(tiler, width, height, pool, give, take, &planes, &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    tiler_close(tiler);
    pool_destroy(pool);
    mem_free(planes.in);
    return planes;
}

static size_t count_of(const struct planes *planes)
{
    return (size_t)planes->channels * (size_t)planes->width * (size_t)planes->height *
           (size_t)planes->factor * (size_t)planes->factor;
}

/* Of the file "net.onnx". Returns how many windows there were. */
static int compare(const char *what, int width, int height, int tile, int threads, const struct planes *whole)
{
    struct model  model = open_model("net.onnx", tile, NULL);
    struct grid   grid = tiler_grid(&model, width, height);
    struct planes cut = run(&model, width, height, threads);
    size_t        row = (size_t)width * (size_t)cut.factor;

    for (size_t i = 0; i < count_of(whole); i++)
        if (memcmp(&cut.out[i], &whole->out[i], sizeof(float)) != 0)
            fail_msg(
                "%s %dx%d, tile %d (%dx%d windows of %dx%d), %d threads: %g is %g at %zu,%zu of channel %zu",
                what, width, height, tile, grid.x.count, grid.y.count, grid.x.size, grid.y.size, threads,
                (double)whole->out[i], (double)cut.out[i], i % row,
                i / row % ((size_t)height * (size_t)cut.factor),
                i / row / ((size_t)height * (size_t)cut.factor));
    mem_free(cut.out);
    model_free(&model);
    return grid.x.count * grid.y.count;
}

/* Returns how many windows there were. */
static int check_windows(const char *what, int width, int height)
{
    static const struct {
        int tile, threads;
    } ways[] = {{1, 2}, {37, 1}, {64, 3}};
    struct model  model = open_model("net.onnx", 1 << 15, NULL);
    struct planes whole = run(&model, width, height, 1);
    int           windows = 0;

    if (!model.field.local)
        fail_msg("%s: %s", what, model.field.why);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        windows += compare(what, width, height, ways[i].tile, ways[i].threads, &whole);
    mem_free(whole.out);
    model_free(&model);
    return windows;
}

/* Whole pictures are what the reference makes of them. */
static void check_whole(const char *what, int width, int height)
{
    struct model fast = open_model("net.onnx", 1 << 15, NULL),
                 slow = open_model("net.onnx", 1 << 15, "besra");
    struct planes a = run(&fast, width, height, 2), b = run(&slow, width, height, 1);

    for (size_t i = 0; i < count_of(&a); i++) {
        double difference = (double)a.out[i] - (double)b.out[i],
               size = b.out[i] < 0 ? -(double)b.out[i] : (double)b.out[i];
        if (!(difference < 1e-3 * (1 + size) && difference > -1e-3 * (1 + size)))
            fail_msg("%s: %g, the reference has %g", what, (double)a.out[i], (double)b.out[i]);
    }
    mem_free(a.out);
    mem_free(b.out);
    model_free(&fast);
    model_free(&slow);
}

static void test_windows_give_what_the_whole_picture_gives(void **state)
{
    static const int sizes[][2] = {{87, 61}, {60, 93}};
    (void)state;
    for (int kind = 0; kind < SUPER_KINDS; kind++)
        for (int factor = 2; factor <= 4; factor += FACTOR_STEP)
            for (int s = 0; s < 2; s++) {
                struct super_net net = {.channels = s ? 1 : 3, .factor = factor, .height = -1, .width = -1};
                int              even = kind == SUPER_UNET; /* halves meet wholes only there */
                super_write("net.onnx", (enum super_kind)kind, &net, (uint64_t)(10 * kind + factor));
                assert_true(check_windows(super_names[kind], sizes[s][0] + (even & sizes[s][0]),
                                          sizes[s][1] + (even & sizes[s][1])) > 6);
                check_whole(super_names[kind], 26, 18);
            }
}

static void test_random_nets_have_no_seams(void **state)
{
    int windows = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        char what[32];
        snprintf(what, sizeof what, "seed %u", (unsigned)seed);
        super_write_random("net.onnx", seed);
        windows += check_windows(what, 80 + 2 * (int)(seed % 17), 66 + 2 * (int)(seed % 13));
    }
    assert_true(windows > 6 * SEEDS); /* some look far */
}

/* ---- pictures ------------------------------------------------------------------------------------- */

static struct bsr_image random_picture(int width, int height, int channels, int depth)
{
    struct bsr_image image = {0};
    struct bsr_error err;

    assert_int_equal(image_alloc(&image, width, height, channels, depth, &err), BSR_OK);
    for (int y = 0; y < height; y++)
        for (size_t i = 0; i < (size_t)width * image_pixel_size(&image); i++)
            image_row(&image, y)[i] = (uint8_t)(255 * sample((size_t)y * 1009 + i));
    return image;
}

static void assert_same(const struct bsr_image *a, const struct bsr_image *b, const char *what)
{
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    for (int y = 0; y < a->height; y++)
        if (memcmp(image_row(a, y), image_row(b, y), (size_t)a->width * image_pixel_size(a)) != 0)
            fail_msg("%s: row %d differs", what, y);
}

/* Row by row through windows, and with whole planes of floats. */
static void test_rows_and_planes_agree(void **state)
{
    static const struct {
        enum super_kind kind;
        int             net_channels, channels, depth;
    } cases[] = {{SUPER_ESPCN, 3, 3, 8}, {SUPER_FSRCNN, 1, 3, 8}, {SUPER_VDSR, 1, 3, 16},
                 {SUPER_VDSR, 3, 1, 8},  {SUPER_EDSR, 3, 1, 16},  {SUPER_SRCNN, 1, 1, 8}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct super_net net = {.channels = cases[i].net_channels, .factor = 3, .height = -1, .width = -1};
        super_write("net.onnx", cases[i].kind, &net, 5);
        struct model        model = open_model("net.onnx", 40, NULL);
        struct bsr_image    picture = random_picture(53, 47, cases[i].channels, cases[i].depth);
        struct bsr_image    rows = {0}, planes = {0}, plain_rows = {0}, plain_planes = {0};
        struct upscale_size size = {.factor = 3};
        struct timing       timing = {0};
        struct upscaler    *upscaler = NULL;
        struct bsr_error    err = {0};
        assert_int_equal(upscaler_open(&upscaler, &model, NULL, &err), BSR_OK);
        if (upscaler_run(upscaler, &picture, &size, &rows, &plain_rows, &timing, &err) != BSR_OK ||
            upscale_planes(upscaler, &picture, &size, &planes, &plain_planes, &timing, &err) != BSR_OK)
            fail_msg("%s", err.message);
        assert_same(&rows, &planes, super_names[cases[i].kind]);
        assert_same(&plain_rows, &plain_planes, "bicubic");
        image_free(&rows);
        image_free(&planes);
        image_free(&plain_rows);
        image_free(&plain_planes);
        image_free(&picture);
        upscaler_close(upscaler);
        model_free(&model);
    }
}

/* ---- nets of one size ----------------------------------------------------------------------------- */

static void test_a_net_exported_for_one_size_takes_any(void **state)
{
    const struct super_net any = {.channels = 3, .factor = 2, .height = -1, .width = -1},
                           fixed = {.channels = 3, .factor = 2, .height = 40, .width = 64};

    (void)state;
    super_write("net.onnx", SUPER_ESPCN, &any, 9);
    struct model  model = open_model("net.onnx", 1000, NULL);
    struct planes whole = run(&model, 97, 83, 1);
    model_free(&model);
    super_write("net.onnx", SUPER_ESPCN, &fixed, 9);
    model = open_model("net.onnx", 1000, NULL);
    assert_non_null(strstr(bytes_text(&model.notes), "exported for 64x40 pixels, takes any size"));
    model_free(&model);
    compare("exported for one size", 97, 83, 36, 2, &whole);
    mem_free(whole.out);
}

/* Sizes that are constants of the graph: windows of just that size, whose last ones lie anywhere. */
static void test_a_net_of_one_size_runs_on_windows_of_it(void **state)
{
    static const int       sizes[][2] = {{97, 83}, {64, 40}, {30, 100}, {20, 20}};
    const struct super_net any = {.channels = 1, .factor = 2, .height = -1, .width = -1},
                           fixed = {.channels = 1, .factor = 2, .height = 40, .width = 64};

    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        int width = sizes[s][0], height = sizes[s][1];
        super_write("net.onnx", SUPER_SHUFFLE, &any, 9);
        struct model  model = open_model("net.onnx", 1000, NULL);
        struct planes whole = run(&model, width, height, 1);
        model_free(&model);
        super_write_one_size("net.onnx", &fixed, 9);
        model = open_model("net.onnx", 0, NULL);
        assert_true(model.field.local && model.input.shape[2] == 40);
        struct planes cut = run(&model, width, height, 2);
        bool          smaller = width < 64 || height < 40;
        for (size_t i = 0; i < count_of(&cut); i++) {
            size_t x = i % (size_t)(2 * width), y = i / (size_t)(2 * width);
            bool   edge = smaller && (x + 8 >= (size_t)(2 * width) || y + 8 >= (size_t)(2 * height));
            float  off = cut.out[i] - whole.out[i];
            if (!edge && !(off < 1e-4F && off > -1e-4F))
                fail_msg("%dx%d: %g is %g at %zu,%zu", width, height, (double)whole.out[i],
                         (double)cut.out[i], x, y);
        }
        mem_free(cut.out);
        mem_free(whole.out);
        model_free(&model);
    }
}

static bsr_status run_status(const struct model *model, int width, int height, struct bsr_error *err)
{
    struct bsr_image    picture = random_picture(width, height, 3, 8), enlarged = {0};
    struct upscale_size size = {.factor = 2};
    struct timing       timing = {0};
    struct upscaler    *upscaler = NULL;
    bsr_status          status = upscaler_open(&upscaler, model, NULL, err);

    if (status == BSR_OK)
        status = upscaler_run(upscaler, &picture, &size, &enlarged, NULL, &timing, err);
    upscaler_close(upscaler);
    image_free(&picture);
    image_free(&enlarged);
    return status;
}

static void test_what_looks_everywhere_runs_whole(void **state)
{
    struct super_net net = {.channels = 3, .factor = 2, .height = -1, .width = -1};
    struct bsr_error err = {0};

    (void)state;
    super_write_global("net.onnx", &net);
    struct model model = open_model("net.onnx", 16, NULL);
    assert_false(model.field.local);
    assert_non_null(strstr(bytes_text(&model.notes), "runs on whole pictures, not on windows of them: "));
    assert_non_null(strstr(bytes_text(&model.notes), "(GlobalAveragePool) looks at all of the picture"));
    struct grid grid = tiler_grid(&model, 90, 70);
    assert_int_equal(grid.x.count * grid.y.count, 1);
    assert_int_equal(run_status(&model, 90, 70, &err), BSR_OK);
    model_free(&model);

    net.height = net.width = 48;
    super_write_global("net.onnx", &net);
    model = open_model("net.onnx", 0, NULL);
    assert_int_equal(run_status(&model, 48, 48, &err), BSR_OK);
    assert_int_equal(run_status(&model, 90, 70, &err), BSR_EMODEL);
    assert_non_null(strstr(err.message, "takes pictures of 48x48 pixels only"));
    model_free(&model);
}

static void test_windows_too_small_for_the_reach_are_refused(void **state)
{
    const struct super_net net = {.channels = 3, .factor = 2, .height = 8, .width = 8};
    struct bsr_error       err = {0};

    (void)state;
    super_write_one_size("net.onnx", &net, 4);
    struct model model = open_model("net.onnx", 0, NULL);
    assert_int_equal(run_status(&model, 60, 60, &err), BSR_EMODEL);
    assert_non_null(strstr(err.message, "too few for windows"));
    model_free(&model);
}

static void test_memory_that_ends_is_told(void **state)
{
    const struct super_net net = {.channels = 3, .factor = 2, .height = -1, .width = -1};
    bsr_status             status = BSR_ENOMEM;

    (void)state;
    super_write("net.onnx", SUPER_ESPCN, &net, 2);
    struct model model = open_model("net.onnx", 32, NULL);
    engine_set_threads(1);
    /* OpenCV has memory of its own: what it allocates is not counted */
    for (size_t n = 1; status != BSR_OK; n += n < 200 ? 1 : 37) {
        struct bsr_error err = {0};
        mem_fail_from(n);
        struct bsr_image    picture = {0}, enlarged = {0};
        struct upscaler    *upscaler = NULL;
        struct upscale_size size = {.factor = 2};
        struct timing       timing = {0};
        status = image_alloc(&picture, 50, 40, 3, 8, &err);
        if (status == BSR_OK) {
            for (int y = 0; y < 40; y++)
                memset(image_row(&picture, y), y, 150);
            status = upscaler_open(&upscaler, &model, NULL, &err);
        }
        if (status == BSR_OK)
            status = upscaler_run(upscaler, &picture, &size, &enlarged, NULL, &timing, &err);
        mem_fail_from(0);
        assert_true(status == BSR_OK || (status == BSR_ENOMEM && !enlarged.data));
        upscaler_close(upscaler);
        image_free(&enlarged);
        image_free(&picture);
    }
    model_free(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows_give_what_the_whole_picture_gives),
        cmocka_unit_test(test_random_nets_have_no_seams),
        cmocka_unit_test(test_rows_and_planes_agree),
        cmocka_unit_test(test_a_net_exported_for_one_size_takes_any),
        cmocka_unit_test(test_a_net_of_one_size_runs_on_windows_of_it),
        cmocka_unit_test(test_what_looks_everywhere_runs_whole),
        cmocka_unit_test(test_windows_too_small_for_the_reach_are_refused),
        cmocka_unit_test(test_memory_that_ends_is_told),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
