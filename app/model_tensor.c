/* besra model show --tensor: what is in one tensor. */
#include "app/exit_code.h"
#include "app/model_show.h"
#include "app/terminal.h"
#include "base/alloc.h"
#include "base/nearest.h"
#include "pipeline/json_text.h"

#include <stdio.h>
#include <string.h>

/* ---- finding it
 * --------------------------------------------------------------------------------------------- */

/* A run that ends where the tensor is made. */
struct search {
    const char       *name;
    struct bsr_tensor found; /* a copy */
};

static bsr_status take(void *context, const char *value, const char *node, const struct bsr_tensor *tensor,
                       struct bsr_error *err)
{
    struct search *search = context;

    (void)node;
    if (strcmp(value, search->name) != 0)
        return BSR_OK;
    bsr_status status = tensor_copy(&search->found, tensor, err);
    return status == BSR_OK ? bsr_fail(err, BSR_ECANCELED, NULL, "found") : status;
}

static bsr_status fail_name(const struct show *show, const char *name, struct bsr_error *err)
{
    struct nearest nearest = nearest_start(name);

    for (int i = 0; i < show->inspection.layer_count; i++) {
        const struct onnx_layer *layer = &show->inspection.layers[i];
        for (int n = 0; n < layer->input_count; n++)
            nearest_offer(&nearest, layer->inputs[n]);
        for (int n = 0; n < layer->output_count; n++)
            nearest_offer(&nearest, layer->outputs[n]);
    }
    bsr_fail(err, BSR_EUSAGE, "--tensor", "the model has no tensor '%s'", name);
    if (nearest.best)
        bsr_hint(err, "did you mean '%s'?", nearest.best);
    else
        bsr_hint(err, "--json --layers lists the names");
    return BSR_EUSAGE;
}

/* Outputs, too, are taken from the run on their way. */
static bsr_status run_until(struct search *search, const struct model_file *file, const struct feeds *feeds,
                            struct bsr_error *err)
{
    size_t                   count = (size_t)onnx_output_count(file->model);
    struct bsr_tensor       *outputs = mem_alloc_zeroed(count + 1, sizeof *outputs);
    const struct onnx_named *feed = feeds_find(feeds, search->name);
    struct onnx_model       *shaped = NULL;
    bsr_status               status;

    if (!outputs)
        return bsr_fail_memory(err, search->name, count * sizeof *outputs);
    if (feed)
        status = take(search, feed->name, "", &feed->tensor, err);
    else if ((status = model_file_shaped(&shaped, file, err)) == BSR_OK)
        status = model_evaluate(outputs, shaped, feeds, take, search, err);
    for (size_t i = 0; status == BSR_OK && i < count; i++)
        tensor_free(&outputs[i]);
    mem_free(outputs);
    onnx_model_free(shaped);
    return status == BSR_ECANCELED && search->found.data ? BSR_OK : status;
}

static bsr_status compute(struct search *search, const struct show *show, int seed, struct bsr_error *err)
{
    struct feeds feeds = {0};
    bsr_status   status = model_file_feeds(&feeds, &show->file, seed, err);

    if (status == BSR_OK)
        status = run_until(search, &show->file, &feeds, err);
    feeds_free(&feeds);
    if (status == BSR_OK && !search->found.data)
        status = fail_name(show, search->name, err);
    return status;
}

/* ---- showing it -------------------------------------------------------------------------------------------
 */

static void print_histogram(const struct onnx_statistics *statistics)
{
    struct table table;
    size_t       most = 0;
    double       step = (statistics->max - statistics->min) / ONNX_HISTOGRAM;

    for (int i = 0; i < ONNX_HISTOGRAM; i++)
        most = statistics->histogram[i] > most ? statistics->histogram[i] : most;
    if (!most || !(step > 0))
        return;
    putchar('\n');
    table_start(&table, "rlrrl", "from||to|count|");
    for (int i = 0; i < ONNX_HISTOGRAM; i++) {
        table_add(&table, STYLE_PLAIN, "%.5g", statistics->min + step * i);
        table_add(&table, STYLE_DIM, "..");
        table_add(&table, STYLE_PLAIN, "%.5g",
                  i + 1 < ONNX_HISTOGRAM ? statistics->min + step * (i + 1) : statistics->max);
        table_add(&table, STYLE_PLAIN, "%s", number_whole(statistics->histogram[i]).text);
        table_add(&table, STYLE_GOOD, "%s",
                  number_bar((double)statistics->histogram[i], (double)most, BAR_WIDTH).text);
    }
    table_print(&table, INDENT);
}

static void add_fact(struct table *table, const char *name, const char *value)
{
    table_add(table, STYLE_DIM, "%s", name);
    table_add(table, STYLE_PLAIN, "%s", value);
}

static void add_number(struct table *table, const char *name, double value)
{
    table_add(table, STYLE_DIM, "%s", name);
    table_add(table, STYLE_PLAIN, "%.7g", value);
}

static void add_count(struct table *table, const char *name, size_t count, enum table_style style)
{
    table_add(table, STYLE_DIM, "%s", name);
    table_add(table, count ? style : STYLE_PLAIN, "%s", number_whole(count).text);
}

static int print_tensor(const char *name, const struct bsr_tensor *tensor, const char *origin)
{
    struct onnx_statistics statistics = onnx_tensor_statistics(tensor);
    struct table           table;

    table_title("%s", name);
    table_start(&table, "ll", NULL);
    add_fact(&table, "type", tensor_type_name(tensor->type));
    add_fact(&table, "shape", tensor_shape_text(tensor).text);
    add_fact(&table, "from", origin);
    add_count(&table, "numbers", statistics.count, STYLE_PLAIN);
    add_number(&table, "minimum", statistics.min);
    add_number(&table, "maximum", statistics.max);
    add_number(&table, "mean", statistics.mean);
    add_number(&table, "deviation", statistics.deviation);
    add_count(&table, "zeros", statistics.zeros, STYLE_PLAIN);
    add_count(&table, "NaN", statistics.nans, STYLE_BAD);
    add_count(&table, "infinite", statistics.infinities, STYLE_BAD);
    table_print(&table, INDENT);
    print_histogram(&statistics);
    return output_finish();
}

static json_t *tensor_object(const char *name, const struct bsr_tensor *tensor, const char *origin)
{
    struct onnx_statistics statistics = onnx_tensor_statistics(tensor);
    json_t                *shape = json_array(), *histogram = json_array();

    for (int i = 0; i < tensor->dims; i++)
        json_array_append_new(shape, json_integer(tensor->shape[i]));
    for (int i = 0; i < ONNX_HISTOGRAM; i++)
        json_array_append_new(histogram, json_integer((json_int_t)statistics.histogram[i]));
    return json_pack("{s:o, s:s, s:o, s:s, s:I, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:o}", "tensor",
                     json_text(name), "type", tensor_type_name(tensor->type), "shape", shape, "from", origin,
                     "count", (json_int_t)statistics.count, "min", json_number(statistics.min), "max",
                     json_number(statistics.max), "mean", json_number(statistics.mean), "deviation",
                     json_number(statistics.deviation), "zeros", (json_int_t)statistics.zeros, "nans",
                     (json_int_t)statistics.nans, "infinities", (json_int_t)statistics.infinities,
                     "histogram", histogram);
}

int show_tensor(const struct show *show, const struct options *options)
{
    const struct bsr_tensor *known = onnx_values_find(show->inspection.values, options->tensor);
    bool                     constant = known && known->data;
    struct search            search = {.name = options->tensor};
    struct bsr_error         err;
    char                     origin[64] = "the model";

    if (!constant) {
        snprintf(origin, sizeof origin, "a run on random input (--seed %d)", options->seed);
        if (compute(&search, show, options->seed, &err) != BSR_OK) {
            terminal_error(&err);
            return exit_code_of(err.code);
        }
        known = &search.found;
    }
    int code = options->json ? output_json(options, tensor_object(options->tensor, known, origin))
                             : print_tensor(options->tensor, known, origin);
    tensor_free(&search.found);
    return code;
}
