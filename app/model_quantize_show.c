#include "app/model_quantize_show.h"

#include "app/tables.h"
#include "pipeline/json_text.h"

#include <math.h>

/* ---- for people -------------------------------------------------------------------------------------- */

/* Some 6 dB are a bit: of eight, up to seven are told from the noise. */
static enum table_style style_of(double sqnr)
{
    enum { GOOD = 30, FAIR = 20, POOR = 10 };
    return isnan(sqnr)    ? STYLE_PLAIN
           : sqnr >= GOOD ? STYLE_GOOD
           : sqnr >= FAIR ? STYLE_WARN
           : sqnr >= POOR ? STYLE_HOT
                          : STYLE_BAD;
}

static void add_decibels(struct table *table, double sqnr)
{
    if (isnan(sqnr))
        table_add(table, STYLE_DIM, "-");
    else if (isinf(sqnr))
        table_add(table, STYLE_GOOD, "exact");
    else
        table_add(table, style_of(sqnr), "%.1f", sqnr);
}

static void add_layer(struct table *table, const struct quantize_layer *layer)
{
    table_add(table, STYLE_PLAIN, "%s", layer->name);
    table_add(table, STYLE_PLAIN, "%s", layer->op);
    if (layer->why) {
        for (int i = 0; i < 3; i++)
            table_add(table, STYLE_DIM, "-");
    } else {
        table_add(table, STYLE_PLAIN, "%.4g .. %.4g", layer->range.least, layer->range.most);
        table_add(table, STYLE_PLAIN, "%.4g", layer->scale);
        table_add(table, STYLE_PLAIN, "%d", layer->zero_point);
    }
    add_decibels(table, layer->sqnr);
    if (layer->why)
        table_add(table, STYLE_WARN, "f32: %s", layer->why);
    else
        table_add(table, STYLE_PLAIN, "8 bits");
}

static void print_outputs(const struct quantize_report *report)
{
    for (int i = 0; i < report->output_count; i++) {
        double sqnr = report->outputs[i].sqnr;
        if (isfinite(sqnr))
            table_line(style_of(sqnr), "output %s: %.1f dB", report->outputs[i].name, sqnr);
    }
}

static int print(const struct quantize_told *told)
{
    const struct quantize_report *report = told->report;
    struct table                  table;

    table_title("%s: %d of %d layers on 8 bits, %s to %s; ranges of %d samples", told->model,
                report->quantized_count, report->layer_count, number_bytes(told->bytes[0]).text,
                number_bytes(told->bytes[1]).text, report->sample_count);
    table_start(&table, "llrrrrl", "layer|operator|range of its input|scale|zero|dB alone|");
    for (int i = 0; i < report->layer_count; i++)
        add_layer(&table, &report->layers[i]);
    table_print(&table, 0);
    print_outputs(report);
    return output_finish();
}

/* ---- for programs ------------------------------------------------------------------------------------ */

static json_t *layer_object(const struct quantize_layer *layer)
{
    bool quantized = !layer->why;

    return json_pack(
        "{s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o}", "name", json_text(layer->name), "op",
        json_text(layer->op), "quantized", quantized, "why", quantized ? json_null() : json_text(layer->why),
        "range", quantized ? json_pack("[f, f]", layer->range.least, layer->range.most) : json_null(),
        "scale", quantized ? json_number(layer->scale) : json_null(), "zero_point",
        quantized ? json_integer(layer->zero_point) : json_null(), "sqnr_db", json_number(layer->sqnr));
}

static json_t *output_object(const struct quantize_output *output)
{
    return json_pack("{s:o, s:o}", "name", json_text(output->name), "sqnr_db", json_number(output->sqnr));
}

/* Takes `item` over; *array becomes NULL when memory ran out. */
static void append(json_t **array, json_t *item)
{
    if (*array && json_array_append_new(*array, item) == 0)
        return;
    json_decref(*array);
    *array = NULL;
}

static json_t *report_object(const struct quantize_told *told)
{
    const struct quantize_report *report = told->report;
    json_t                       *layers = json_array(), *outputs = json_array();

    for (int i = 0; layers && i < report->layer_count; i++)
        append(&layers, layer_object(&report->layers[i]));
    for (int i = 0; outputs && i < report->output_count; i++)
        append(&outputs, output_object(&report->outputs[i]));
    return json_pack("{s:o, s:s, s:i, s:i, s:i, s:I, s:I, s:o, s:o}", "model", json_text(told->model), "task",
                     told->task, "samples", report->sample_count, "layer_count", report->layer_count,
                     "quantized", report->quantized_count, "bytes_before", (json_int_t)told->bytes[0],
                     "bytes_after", (json_int_t)told->bytes[1], "outputs", outputs, "layers", layers);
}

int model_quantize_show(const struct quantize_told *told)
{
    return told->options->json ? output_json(told->options, report_object(told)) : print(told);
}
