/* What a net takes on the fast kernels, step by step: bench_net MODEL [SIZE] [THREADS]. SIZE ("640",
 * "384x640") is for inputs that leave height and width open. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "engine/engine.h"
#include "engine/fast/fast.h"
#include "onnx/prepare.h"
#include "onnx/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 15, MOST_STEPS = 4096, MOST_INPUTS = 16 };

static int fail(const struct bsr_error *err)
{
    fprintf(stderr, "%s: %s\n", err->subject, err->message);
    return 1;
}

/* Shapes for all inputs, the open sides filled in. */
static int choose(struct onnx_named *chosen, const struct onnx_model *model, int height, int width)
{
    int count = onnx_input_count(model);

    for (int i = 0; i < count && i < MOST_INPUTS; i++) {
        struct onnx_value value = onnx_input(model, i);
        chosen[i].name = value.name;
        chosen[i].tensor = (struct bsr_tensor){.type = BSR_F32, .dims = value.dims};
        for (int d = 0; d < value.dims; d++) {
            int64_t open = d == 2 ? height : (d == 3 ? width : 1);
            chosen[i].tensor.shape[d] = value.shape[d] > 0 ? value.shape[d] : open;
        }
    }
    return count < MOST_INPUTS ? count : MOST_INPUTS;
}

static const char *refuse(void *context, const struct onnx_node_view *node)
{
    (void)context;
    (void)node;
    return "not asked";
}

static void show(const struct fast_time *times, int count)
{
    double total = 0, macs = 0;

    for (int i = 0; i < count; i++) {
        printf("%-40.40s %5dx%-4dx%-4d %8.3f ms", times[i].what ? times[i].what : "?", times[i].channels,
               times[i].height, times[i].width, times[i].ms);
        if (times[i].macs > 0)
            printf(" %8.1f MMAC %7.1f GMAC/s", times[i].macs / 1e6, times[i].macs / times[i].ms / 1e6);
        printf("\n");
        total += times[i].ms;
        macs += times[i].macs;
    }
    printf("%-40s %16s %8.3f ms %8.1f MMAC %7.1f GMAC/s\n", "sum of the shortest", "", total, macs / 1e6,
           total > 0 ? macs / total / 1e6 : 0.0);
}

static bsr_status profile(const struct onnx_region *region, const char *name, struct bsr_error *err)
{
    static struct fast_time times[MOST_STEPS];
    struct fast_program    *program = NULL;
    struct fast_runner     *runner = NULL;
    double                  start = clock_ms();
    bsr_status              status = fast_runner_open(&runner, err);

    if (status == BSR_OK)
        status = fast_compile(&program, region, NULL, name, err);
    if (status == BSR_OK) {
        double compiled = clock_ms() - start;
        int    count = fast_profile(program, runner, RUNS, times, MOST_STEPS);
        show(times, count < MOST_STEPS ? count : MOST_STEPS);
        printf("compiled in %.1f ms, working memory %.1f MB\n", compiled,
               (double)fast_peak_bytes(program) / 1e6);
    }
    fast_close(program);
    fast_runner_close(runner);
    return status;
}

/* Each fast region, step by step. */
static bsr_status profile_regions(const struct bytes *file, const char *name, int height, int width,
                                  struct bsr_error *err)
{
    struct onnx_model  *model = NULL;
    struct onnx_changes changes = {0};
    struct onnx_split   split = {.front = NULL};
    struct onnx_named   chosen[MOST_INPUTS];
    struct onnx_takers  takers = {.engine = refuse, .fast = fast_supports, .worth = fast_worth};
    bsr_status          status = onnx_model_read(&model, file->data, file->size, NULL, name, err);

    if (status == BSR_OK) {
        struct onnx_prepare_options options = {
            .chosen = chosen, .chosen_count = choose(chosen, model, height, width), .qdq = ONNX_QDQ_JOIN};
        status = onnx_prepare(model, &options, &changes, err);
    }
    if (status == BSR_OK)
        status = onnx_split_make(&split, model, &takers, err);
    for (int i = 0; status == BSR_OK && i < split.region_count; i++)
        if (split.regions[i].fast)
            status = profile(&split.regions[i], name, err);
    onnx_split_free(&split);
    onnx_changes_free(&changes);
    onnx_model_free(model);
    return status;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The whole engine, from input to output. */
static bsr_status time_engine(const struct bytes *file, const char *name, const char *backend, int height,
                              int width, struct bsr_error *err)
{
    struct engine_options options = {.backend = backend};
    struct engine        *engine = NULL;
    struct onnx_model    *model = NULL;
    struct onnx_named     chosen[MOST_INPUTS];
    struct tensor         inputs[MOST_INPUTS] = {{.name = NULL}};
    const struct tensor  *outputs;
    int                   count = 0, output_count;
    double                times[RUNS], start = clock_ms();
    bsr_status            status = engine_open(&engine, file->data, file->size, &options, name, err);

    if (status == BSR_OK)
        status = onnx_model_read(&model, file->data, file->size, NULL, name, err);
    if (status == BSR_OK)
        count = choose(chosen, model, height, width);
    double opened = clock_ms() - start;
    for (int i = 0; i < count; i++) {
        size_t numbers = tensor_count(&chosen[i].tensor);
        inputs[i] = (struct tensor){.name = chosen[i].name, .dims = chosen[i].tensor.dims};
        memcpy(inputs[i].shape, chosen[i].tensor.shape, sizeof inputs[i].shape);
        float *data = mem_alloc_zeroed(numbers, sizeof(float));
        for (size_t k = 0; data && k < numbers; k++)
            data[k] = (float)(k * 7919 % 1000) / 1000;
        inputs[i].data = data;
    }
    for (int run = -2; status == BSR_OK && run < RUNS; run++) {
        start = clock_ms();
        status = engine_run(engine, inputs, count, &outputs, &output_count, err);
        if (run >= 0)
            times[run] = clock_ms() - start;
    }
    if (status == BSR_OK) {
        qsort(times, RUNS, sizeof *times, by_value);
        printf("engine %-8s median %.2f ms (%.2f .. %.2f), opened in %.1f ms\n", backend, times[RUNS / 2],
               times[0], times[RUNS - 1], opened);
    }
    for (int i = 0; i < count; i++)
        mem_free((void *)(uintptr_t)inputs[i].data);
    onnx_model_free(model);
    engine_close(engine);
    return status;
}

int main(int argc, char **argv)
{
    struct bsr_error err = {0};
    struct bytes     file = {0};
    int              height = 640, width = 640;

    if (argc < 2) {
        fprintf(stderr, "usage: bench_net MODEL [SIZE] [THREADS]\n");
        return 2;
    }
    if (argc > 2 && sscanf(argv[2], "%dx%d", &height, &width) < 2)
        width = height;
    int threads = argc > 3 ? atoi(argv[3]) : 2;
    engine_set_threads(threads);

    bsr_status status = file_read(&file, argv[1], (size_t)2 << 30, &err);
    if (status == BSR_OK)
        status = profile_regions(&file, argv[1], height, width, &err);
    if (status == BSR_OK)
        status = time_engine(&file, argv[1], "auto", height, width, &err);
    if (status == BSR_OK)
        status = time_engine(&file, argv[1], "opencv", height, width, &err);
    bytes_free(&file);
    return status == BSR_OK ? 0 : fail(&err);
}
