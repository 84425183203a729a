#include "app/bench_show.h"

#include "app/exit_code.h"
#include "app/tables.h"
#include "base/alloc.h"
#include "base/cpu.h"
#include "pipeline/json_text.h"

#include <stdlib.h>
#include <string.h>

static const char *const engine_names[] = {
    [RUN_AUTO] = "auto",
    [RUN_OPENCV] = "opencv",
    [RUN_OPENCV_OPENCL] = "opencv:opencl",
    [RUN_OPENCV_CUDA] = "opencv:cuda",
    [RUN_OPENCV_OPENVINO] = "opencv:openvino",
    [RUN_BESRA] = "besra",
};

static const char *const precision_names[] = {
    [PRECISION_F32] = "f32", [PRECISION_BF16] = "bf16", [PRECISION_INT8] = "int8"};

static const char *other_name(const struct options *options)
{
    return engine_names[options->beside - 1];
}

static double rate_of(const struct bench_report *report)
{
    double ms = bench_times(report->bench, BENCH_NET).p50;
    return ms > 0 ? report->macs / ms * 1e3 : 0;
}

/* Steps of one fast region, or (-1) what is outside of any. */
struct region_sum {
    int    steps;
    double ms, macs;
};

static struct region_sum sum_region(const struct bench_report *report, int region)
{
    struct region_sum sum = {0};

    for (int i = 0; i < report->layer_count; i++)
        if (report->layers[i].region == region) {
            sum.steps++;
            sum.ms += report->layers[i].ms;
            sum.macs += report->layers[i].macs;
        }
    return sum;
}

static int last_region(const struct bench_report *report)
{
    int last = -1;
    for (int i = 0; i < report->layer_count; i++)
        last = report->layers[i].region > last ? report->layers[i].region : last;
    return last;
}

/* ---- for programs -------------------------------------------------------------------------------------- */

static json_t *times_object(struct bench_times times)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "min", json_number(times.min), "p50", json_number(times.p50),
                     "p90", json_number(times.p90), "p99", json_number(times.p99));
}

/* null where the model is for no command that takes pictures; decode where there was no file. */
static json_t *stages_object(const struct bench *bench)
{
    struct bench_facts facts = bench_facts(bench);

    if (facts.task == CARD_TASK_UNKNOWN)
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:o}", "decode",
                     facts.decoded ? json_number(bench_times(bench, BENCH_DECODE).p50) : json_null(), "pre",
                     json_number(bench_times(bench, BENCH_PRE).p50), "net",
                     json_number(bench_times(bench, BENCH_PICTURE_NET).p50), "post",
                     json_number(bench_times(bench, BENCH_POST).p50));
}

static json_t *picture_object(const struct bench *bench)
{
    return bench_facts(bench).task == CARD_TASK_UNKNOWN ? json_null()
                                                        : times_object(bench_times(bench, BENCH_PICTURE));
}

static json_t *shape_array(const struct bsr_tensor *tensor)
{
    json_t *array = json_array();
    for (int i = 0; i < tensor->dims; i++)
        json_array_append_new(array, json_integer(tensor->shape[i]));
    return array;
}

static json_t *regions_array(const struct bench_report *report)
{
    json_t *array = json_array();
    for (int r = 0; r <= last_region(report); r++) {
        struct region_sum sum = sum_region(report, r);
        json_array_append_new(array, json_pack("{s:i, s:i, s:o, s:o}", "region", r, "layers", sum.steps, "ms",
                                               json_number(sum.ms), "macs", json_number(sum.macs)));
    }
    return array;
}

static json_t *layer_object(const struct engine_step *step)
{
    json_t *shape =
        step->channels ? json_pack("[i, i, i]", step->channels, step->height, step->width) : json_null();

    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "name", json_text(step->name), "op",
                     json_text(step->op), "region",
                     step->region >= 0 ? json_integer(step->region) : json_null(), "shape", shape, "ms",
                     json_number(step->ms), "macs", json_integer((json_int_t)step->macs));
}

static json_t *layers_array(const struct bench_report *report)
{
    json_t *array = json_array();
    for (int i = 0; i < report->layer_count; i++)
        json_array_append_new(array, layer_object(&report->layers[i]));
    return array;
}

static double ratio_of(const struct bench_report *report, enum bench_series series)
{
    double other = bench_times(report->other, series).p50;
    return other > 0 ? bench_times(report->bench, series).p50 / other : 0;
}

static json_t *compare_object(const struct bench_report *report)
{
    if (!report->other)
        return json_null();
    return json_pack("{s:s, s:o, s:o, s:o, s:o}", "engine", other_name(report->options), "net_ms",
                     times_object(bench_times(report->other, BENCH_NET)), "stages_ms",
                     stages_object(report->other), "picture_ms", picture_object(report->other), "ratio",
                     json_number(ratio_of(report, BENCH_NET)));
}

static json_t *report_object(const struct bench_report *report)
{
    const struct options *options = report->options;
    struct bench_facts    facts = bench_facts(report->bench);
    double                rate = rate_of(report);

    json_t *object =
        json_pack("{s:o, s:s, s:s, s:s, s:i, s:o, s:i}", "model", json_text(report->model), "engine",
                  engine_names[options->engine], "precision", precision_names[options->precision], "cpu",
                  cpu_level_name(cpu_level()), "threads", options->threads, "input",
                  shape_array(&facts.input), "runs", options->runs);
    json_object_set_new(object, "net_ms", times_object(bench_times(report->bench, BENCH_NET)));
    json_object_set_new(object, "stages_ms", stages_object(report->bench));
    json_object_set_new(object, "picture_ms", picture_object(report->bench));
    json_object_set_new(object, "open_ms", json_number(facts.open_ms));
    json_object_set_new(object, "macs", json_integer((json_int_t)report->macs));
    json_object_set_new(object, "macs_per_s", json_number(rate));
    json_object_set_new(object, "peak_macs_per_s", json_number(report->peak));
    json_object_set_new(object, "share_of_peak", json_number(report->peak > 0 ? rate / report->peak : 0));
    json_object_set_new(object, "peak_bytes", json_integer((json_int_t)facts.peak_bytes));
    json_object_set_new(object, "fast_bytes", json_integer((json_int_t)facts.fast_bytes));
    json_object_set_new(object, "regions", regions_array(report));
    json_object_set_new(object, "layers", layers_array(report));
    json_object_set_new(object, "compare", compare_object(report));
    return object;
}

/* ---- for people ---------------------------------------------------------------------------------------- */

static void add_times(struct table *table, const char *name, struct bench_times times)
{
    table_add(table, STYLE_PLAIN, "%s", name);
    table_add(table, STYLE_PLAIN, "%.2f", times.min);
    table_add(table, STYLE_BOLD, "%.2f", times.p50);
    table_add(table, STYLE_PLAIN, "%.2f", times.p90);
    table_add(table, STYLE_PLAIN, "%.2f", times.p99);
}

static void show_times(const struct bench *bench)
{
    static const char *const names[BENCH_SERIES] = {
        [BENCH_NET] = "net alone", [BENCH_DECODE] = "decode",
        [BENCH_PRE] = "pre",       [BENCH_PICTURE_NET] = "net of a picture",
        [BENCH_POST] = "post",     [BENCH_PICTURE] = "all of a picture",
    };
    struct bench_facts facts = bench_facts(bench);
    struct table       table;

    table_start(&table, "lrrrr", "ms|least|median|90 %|99 %");
    add_times(&table, names[BENCH_NET], bench_times(bench, BENCH_NET));
    for (int s = BENCH_DECODE; facts.task != CARD_TASK_UNKNOWN && s < BENCH_SERIES; s++)
        if (s != BENCH_DECODE || facts.decoded)
            add_times(&table, names[s], bench_times(bench, (enum bench_series)s));
    table_print(&table, 2);
}

static void show_sums(const struct bench_report *report)
{
    struct bench_facts facts = bench_facts(report->bench);
    double             rate = rate_of(report);

    table_line(STYLE_PLAIN, "%sMACs a run, %.1f G a second: %.0f %% of the %.1f G that %d threads reach (%s)",
               number_short((uint64_t)report->macs).text, rate / 1e9,
               report->peak > 0 ? 100 * rate / report->peak : 0.0, report->peak / 1e9,
               report->options->threads, cpu_level_name(cpu_level()));
    table_line(STYLE_PLAIN, "open and first run %.0f ms, memory at its peak %s", facts.open_ms,
               number_bytes(facts.peak_bytes).text);
    if (facts.fast_bytes)
        table_line(STYLE_PLAIN, "maps of the fast regions %s", number_bytes(facts.fast_bytes).text);
}

static int by_time(const void *a, const void *b)
{
    double x = (*(const struct engine_step *const *)a)->ms, y = (*(const struct engine_step *const *)b)->ms;
    return (x < y) - (x > y);
}

static void add_layer(struct table *table, const struct engine_step *step, double whole)
{
    table_add(table, STYLE_PLAIN, "%.3f", step->ms);
    table_add(table, STYLE_DIM, "%s", number_bar(step->ms, whole, 8).text);
    table_add(table, STYLE_PLAIN, "%s", step->op);
    if (step->channels)
        table_add(table, STYLE_PLAIN, "%dx%dx%d", step->channels, step->height, step->width);
    else
        table_add(table, STYLE_PLAIN, " ");
    if (step->macs > 0 && step->ms > 0)
        table_add(table, STYLE_PLAIN, "%.1f", step->macs / step->ms / 1e6);
    else
        table_add(table, STYLE_PLAIN, " ");
    table_add(table, STYLE_PLAIN, "%s", step->name);
}

/* The slowest ones, or with --layers all in their order. */
static void show_layers(const struct bench_report *report)
{
    enum { SLOWEST = 10 };
    bool                       all = report->options->layers;
    int                        count = all || report->layer_count < SLOWEST ? report->layer_count : SLOWEST;
    double                     whole = 0;
    struct table               table;
    const struct engine_step **order = mem_alloc_zeroed((size_t)report->layer_count + 1, sizeof(void *));

    for (int i = 0; order && i < report->layer_count; i++) {
        order[i] = &report->layers[i];
        whole = report->layers[i].ms > whole ? report->layers[i].ms : whole;
    }
    if (!order || !report->layer_count) {
        mem_free(order);
        return;
    }
    if (!all)
        qsort(order, (size_t)report->layer_count, sizeof(void *), by_time);
    table_title(all ? "Layers" : "Slowest layers (all: --layers)");
    table_start(&table, "rllrrl", "ms| |runs as|makes|GMAC/s|node");
    for (int i = 0; i < count; i++)
        add_layer(&table, order[i], whole);
    table_print(&table, 2);
    mem_free(order);
}

static void show_regions(const struct bench_report *report)
{
    struct table table;

    if (!report->layer_count)
        return;
    table_title("Who runs it");
    table_start(&table, "lrrr", " |layers|ms|GMAC/s");
    for (int r = 0; r <= last_region(report) + 1; r++) {
        bool              rest = r > last_region(report);
        struct region_sum sum = sum_region(report, rest ? -1 : r);
        if (!sum.steps)
            continue;
        if (rest)
            table_add(&table, STYLE_PLAIN, "the rest");
        else
            table_add(&table, STYLE_PLAIN, "fast region %d", r);
        table_add(&table, STYLE_PLAIN, "%d", sum.steps);
        table_add(&table, STYLE_PLAIN, "%.2f", sum.ms);
        table_add(&table, STYLE_PLAIN, "%.1f", sum.ms > 0 ? sum.macs / sum.ms / 1e6 : 0.0);
    }
    table_print(&table, 2);
}

static void show_other(const struct bench_report *report)
{
    if (!report->other)
        return;
    table_title("Beside it: --engine %s", other_name(report->options));
    show_times(report->other);
    table_line(STYLE_PLAIN, "the net takes %.2f of its time", ratio_of(report, BENCH_NET));
}

static int show_text(const struct bench_report *report)
{
    const struct options *options = report->options;
    struct bench_facts    facts = bench_facts(report->bench);

    table_title("%s at %s: engine %s, %d threads, %d runs", report->model,
                tensor_shape_text(&facts.input).text, engine_names[options->engine], options->threads,
                options->runs);
    show_times(report->bench);
    show_sums(report);
    show_regions(report);
    show_layers(report);
    show_other(report);
    return output_finish();
}

int bench_show(const struct bench_report *report)
{
    return report->options->json ? output_json(report->options, report_object(report)) : show_text(report);
}
