#include "pipeline/bench.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "media/picture.h"
#include "pipeline/bench_net.h"
#include "pipeline/classify.h"
#include "pipeline/detect.h"
#include "pipeline/upscale.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { NCHW = 4, HEIGHT = 2, WIDTH = 3, SMALL_SIDE = 256, CLASSIFIER_SIDE = 224, TOP = 5 };
#define MAX_FILE_BYTES ((size_t)2 << 30) /* of an encoded picture */

struct samples {
    double *items;
    size_t  count, room;
};

struct bench {
    struct bench_options options;
    struct model         model; /* empty where only the net is measured */
    struct pool         *pool;
    struct detector     *detector;
    struct upscaler     *upscaler;
    struct classifier   *classifier;
    struct bench_net     net;
    struct bytes         file;  /* the picture as it is decoded anew each time; empty: */
    struct bsr_image     noise; /* the same each time */
    struct samples       series[BENCH_SERIES];
    struct bench_facts   facts;
};

/* ---- times ------------------------------------------------------------------------------------------- */

static bsr_status note(struct bench *bench, enum bench_series series, double ms, struct bsr_error *err)
{
    struct samples *samples = &bench->series[series];

    if (samples->count == samples->room) {
        size_t  room = samples->room ? 2 * samples->room : 64;
        double *items = mem_resize(samples->items, room, sizeof *items);
        if (!items)
            return bsr_fail_memory(err, NULL, room * sizeof *items);
        samples->items = items;
        samples->room = room;
    }
    samples->items[samples->count++] = ms;
    return BSR_OK;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The smallest that so large a part (0..1) of them does not exceed. */
static double percentile(const double *sorted, size_t count, double part)
{
    size_t rank = (size_t)(part * (double)count + 0.999999);
    return sorted[rank < 1 ? 0 : (rank > count ? count : rank) - 1];
}

static double median(const double *sorted, size_t count)
{
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

struct bench_times bench_times(const struct bench *bench, enum bench_series series)
{
    const struct samples *samples = &bench->series[series];

    if (!samples->count)
        return (struct bench_times){0};
    qsort(samples->items, samples->count, sizeof *samples->items, by_size);
    return (struct bench_times){.min = samples->items[0],
                                .p50 = median(samples->items, samples->count),
                                .p90 = percentile(samples->items, samples->count, 0.9),
                                .p99 = percentile(samples->items, samples->count, 0.99)};
}

/* ---- one picture ------------------------------------------------------------------------------------- */

/* As the commands decode it: a JPEG that the net is given much smaller is decoded smaller. */
static int reduction_of(const struct bench *bench)
{
    struct picture_facts facts;
    const struct bytes  *file = &bench->file;

    if (picture_probe(&facts, file->data, file->size, NULL, NULL, NULL) != BSR_OK)
        return 1;
    int width = picture_upright_width(&facts), height = picture_upright_height(&facts);
    if (bench->detector)
        return detector_reduction(bench->detector, width, height);
    return bench->classifier ? classifier_reduction(bench->classifier, width, height) : 1;
}

static bsr_status decode(struct bench *bench, struct picture *picture, struct timing *timing,
                         struct bsr_error *err)
{
    enum picture_purpose purpose = bench->upscaler               ? PICTURE_FOR_EDIT
                                   : bench->model.card.as_stored ? PICTURE_FOR_NET_AS_STORED
                                                                 : PICTURE_FOR_NET;
    double               start = clock_ms();
    bsr_status           status =
        picture_decode_reduced(picture, bench->file.data, bench->file.size, reduction_of(bench), purpose,
                               NULL, bench->options.picture, err);

    timing->decode += clock_ms() - start;
    return status;
}

static bsr_status run_stages(struct bench *bench, const struct bsr_image *image,
                             const struct image_reduction *reduction, struct timing *timing,
                             struct bsr_error *err)
{
    struct detections         found;
    const struct class_score *best;
    size_t                    count;
    struct bsr_image          enlarged = {0};

    if (bench->detector)
        return detector_run_reduced(bench->detector, image, reduction, &found, timing, err);
    if (bench->classifier)
        return classifier_run_reduced(bench->classifier, image, reduction, &best, &count, timing, err);
    struct upscale_size size = {.factor = bench->options.scale};
    bsr_status          status = upscaler_run(bench->upscaler, image, &size, &enlarged, NULL, timing, err);
    image_free(&enlarged);
    return status;
}

static bsr_status run_picture(struct bench *bench, struct timing *timing, struct bsr_error *err)
{
    struct picture picture = {.format = PICTURE_UNKNOWN};
    bsr_status     status = bench->file.size ? decode(bench, &picture, timing, err) : BSR_OK;

    const struct bsr_image *image = bench->file.size ? &picture.image : &bench->noise;
    struct image_reduction  reduction = bench->file.size ? picture.reduction : image_whole(image);
    if (status == BSR_OK) {
        bench->facts.width = reduction.width;
        bench->facts.height = reduction.height;
        status = run_stages(bench, image, &reduction, timing, err);
    }
    picture_free(&picture);
    return status;
}

static bsr_status note_stages(struct bench *bench, const struct timing *timing, struct bsr_error *err)
{
    const double ms[BENCH_SERIES] = {[BENCH_DECODE] = timing->decode,
                                     [BENCH_PRE] = timing->pre,
                                     [BENCH_PICTURE_NET] = timing->net,
                                     [BENCH_POST] = timing->post,
                                     [BENCH_PICTURE] =
                                         timing->decode + timing->pre + timing->net + timing->post};
    bsr_status   status = BSR_OK;

    for (int s = BENCH_DECODE; status == BSR_OK && s < BENCH_SERIES; s++)
        status = note(bench, (enum bench_series)s, ms[s], err);
    return status;
}

static bool has_stages(const struct bench *bench)
{
    return bench->facts.task != CARD_TASK_UNKNOWN;
}

bsr_status bench_run(struct bench *bench, int runs, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < runs; i++) {
        double start = clock_ms();
        status = bench_net_run(&bench->net, err);
        if (status == BSR_OK)
            status = note(bench, BENCH_NET, clock_ms() - start, err);
    }
    for (int i = 0; status == BSR_OK && has_stages(bench) && i < runs; i++) {
        struct timing timing = {0};
        status = run_picture(bench, &timing, err);
        if (status == BSR_OK)
            status = note_stages(bench, &timing, err);
    }
    return status;
}

/* ---- what the model is for --------------------------------------------------------------------------- */

static bsr_status open_detector(struct bench *bench, struct bytes *notes, struct bsr_error *err)
{
    struct detect_options how = detect_options_default(&bench->model);

    how.rect = false; /* the size that was asked for, whatever the picture's shape */
    return detector_open(&bench->detector, &bench->model, &how, bench->pool, notes, err);
}

static bsr_status open_as(struct bench *bench, const char *name, enum card_task task, struct bytes *notes,
                          struct bsr_error *err)
{
    const struct classify_options usual = {.top = TOP};
    bsr_status                    status = model_open(&bench->model, name, task, &bench->options.hints, err);

    if (status == BSR_OK && task == CARD_DETECT)
        status = open_detector(bench, notes, err);
    else if (status == BSR_OK && task == CARD_UPSCALE)
        status = upscaler_open(&bench->upscaler, &bench->model, bench->pool, err);
    else if (status == BSR_OK)
        status = classifier_open(&bench->classifier, &bench->model, &usual, bench->pool, notes, err);
    if (status == BSR_OK) {
        bench->facts.task = task;
        return BSR_OK;
    }
    model_free(&bench->model);
    bytes_clear(notes);
    return status;
}

/* Whichever command takes the model first. What a classifier's refusal says is as good as any. */
static bsr_status open_task(struct bench *bench, const char *name, struct bytes *notes, struct bsr_error *err)
{
    static const enum card_task tasks[] = {CARD_DETECT, CARD_UPSCALE, CARD_CLASSIFY};
    bsr_status                  status = BSR_EMODEL;

    for (size_t i = 0; status == BSR_EMODEL && i < sizeof tasks / sizeof *tasks; i++)
        status = open_as(bench, name, tasks[i], notes, err);
    return status;
}

/* ---- opening ----------------------------------------------------------------------------------------- */

static bsr_status make(struct bench **out, const struct bench_options *options, struct bsr_error *err)
{
    struct bench *bench = mem_alloc_zeroed(1, sizeof *bench);
    if (!bench)
        return bsr_fail_memory(err, NULL, sizeof *bench);

    bench->options = *options;
    engine_set_threads(options->threads);
    bsr_status status = options->threads > 1 ? pool_create(&bench->pool, options->threads, err) : BSR_OK;
    if (status != BSR_OK) {
        bench_close(bench);
        return status;
    }
    *out = bench;
    return BSR_OK;
}

/* Numbers that are the same at each call and look like none. */
static void fill_with_noise(struct bsr_image *image)
{
    uint32_t state = 1;

    for (int y = 0; y < image->height; y++)
        for (size_t x = 0; x < (size_t)image->width * image_pixel_size(image); x++) {
            state = state * 1664525U + 1013904223U; /* Numerical Recipes, section 7.1 */
            image_row(image, y)[x] = (uint8_t)(state >> 24);
        }
}

static int usual_side(const struct bench *bench)
{
    return bench->detector ? MODEL_USUAL_SIDE : bench->upscaler ? SMALL_SIDE : CLASSIFIER_SIDE;
}

static bsr_status get_picture(struct bench *bench, struct bsr_error *err)
{
    if (bench->options.picture)
        return file_read(&bench->file, bench->options.picture, MAX_FILE_BYTES, err);
    bsr_status status = image_alloc(&bench->noise, model_side(&bench->model, WIDTH, usual_side(bench)),
                                    model_side(&bench->model, HEIGHT, usual_side(bench)), 3, 8, err);
    if (status == BSR_OK)
        fill_with_noise(&bench->noise);
    return status;
}

/* Random numbers of the size that pictures are brought to. */
static bsr_status feed_net(struct bench *bench, struct feeds *feeds, struct bsr_error *err)
{
    const struct model *model = &bench->model;
    struct bsr_tensor   tensor = {.type = BSR_F32,
                                  .dims = NCHW,
                                  .shape = {1, model->input.shape[1] > 0 ? model->input.shape[1] : 3,
                                            model_side(model, HEIGHT, usual_side(bench)),
                                            model_side(model, WIDTH, usual_side(bench))}};
    uint32_t            state = 1;
    bsr_status          status = tensor_alloc(&tensor, err);

    if (status != BSR_OK)
        return status;
    for (size_t i = 0; i < tensor_bytes(&tensor) / sizeof(float); i++) {
        state = state * 1664525U + 1013904223U;
        ((float *)tensor.data)[i] = (float)(state >> 8) / (float)(1 << 24);
    }
    return feeds_add(feeds, model->input_name, &tensor, err);
}

static bsr_status open_net(struct bench *bench, struct bsr_error *err)
{
    const struct model *model = &bench->model;
    struct feeds        feeds = {.items = NULL};

    if (model->srcnn)
        return bench_net_open_srcnn(&bench->net, model->srcnn, bench->pool,
                                    (int)(bench->facts.width * bench->options.scale),
                                    (int)(bench->facts.height * bench->options.scale), err);
    bsr_status status = feed_net(bench, &feeds, err);
    if (status != BSR_OK) {
        feeds_free(&feeds);
        return status;
    }
    return bench_net_open(&bench->net, model->onnx.data, model->onnx.size, model->card.file, &feeds,
                          &bench->options.hints.engine, err);
}

/* What is known when the first run has ended. */
static void take_facts(struct bench *bench)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) == 0)
        bench->facts.peak_bytes = (uint64_t)usage.ru_maxrss * 1024;
    bench->facts.decoded = bench->file.size > 0;
}

static void take_net_facts(struct bench *bench)
{
    const struct bench_net *net = &bench->net;

    bench->facts.srcnn = net->srcnn != NULL;
    bench->facts.input = net->srcnn         ? net->in
                         : net->feeds.count ? net->feeds.items[0].tensor
                                            : (struct bsr_tensor){.type = 0};
    bench->facts.input.data = NULL;
    bench->facts.fast_bytes = net->engine ? engine_fast_bytes(net->engine) : 0;
}

bsr_status bench_open(struct bench **out, const char *model, const struct bench_options *options,
                      struct bytes *notes, struct bsr_error *err)
{
    struct bench *bench = NULL;
    struct timing timing = {0};
    double        start = clock_ms();
    bsr_status    status = make(&bench, options, err);

    if (status != BSR_OK)
        return status;
    status = open_task(bench, model, notes, err);
    if (status == BSR_OK)
        bench->facts.open_ms = clock_ms() - start;
    if (status == BSR_OK)
        status = get_picture(bench, err);
    start = clock_ms();
    if (status == BSR_OK)
        status = run_picture(bench, &timing, err);
    bench->facts.open_ms += clock_ms() - start;
    take_facts(bench);
    if (status == BSR_OK)
        status = open_net(bench, err);
    if (status == BSR_OK)
        status = bench_net_run(&bench->net, err);
    if (status != BSR_OK) {
        bench_close(bench);
        return status;
    }
    take_net_facts(bench);
    *out = bench;
    return BSR_OK;
}

bsr_status bench_open_net(struct bench **out, const struct bytes *onnx, struct feeds *feeds, const char *name,
                          const struct bench_options *options, struct bsr_error *err)
{
    struct bench *bench = NULL;
    double        start = clock_ms();
    bsr_status    status = make(&bench, options, err);

    if (status != BSR_OK) {
        feeds_free(feeds);
        return status;
    }
    status = bench_net_open(&bench->net, onnx->data, onnx->size, name, feeds, &options->hints.engine, err);
    if (status == BSR_OK)
        status = bench_net_run(&bench->net, err);
    if (status != BSR_OK) {
        bench_close(bench);
        return status;
    }
    bench->facts.open_ms = clock_ms() - start;
    take_facts(bench);
    take_net_facts(bench);
    *out = bench;
    return BSR_OK;
}

void bench_close(struct bench *bench)
{
    if (!bench)
        return;
    bench_net_close(&bench->net);
    detector_close(bench->detector);
    upscaler_close(bench->upscaler);
    classifier_close(bench->classifier);
    model_free(&bench->model);
    pool_destroy(bench->pool);
    bytes_free(&bench->file);
    image_free(&bench->noise);
    for (int s = 0; s < BENCH_SERIES; s++)
        mem_free(bench->series[s].items);
    mem_free(bench);
}

/* ---- questions --------------------------------------------------------------------------------------- */

struct bench_facts bench_facts(const struct bench *bench)
{
    return bench->facts;
}

bsr_status bench_macs(double *macs, const struct bench *bench, struct bsr_error *err)
{
    return bench_net_macs(macs, &bench->net, err);
}

bsr_status bench_layers(struct bench *bench, int runs, struct engine_step **steps, int *count,
                        struct bsr_error *err)
{
    return bench_net_layers(&bench->net, runs, steps, count, err);
}
