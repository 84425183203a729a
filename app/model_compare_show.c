/* What a comparison has found, for people and for programs. */
#include "app/model_compare.h"
#include "app/tables.h"
#include "pipeline/json_text.h"

#include <math.h>
#include <string.h>

/* By how many times the allowed difference is exceeded. */
static enum table_style heat_of(const struct difference *difference)
{
    enum { SOME = 10, MUCH = 1000 };

    if (!difference_parts(difference))
        return STYLE_GOOD;
    if (difference->shapes_differ || difference->excess > MUCH)
        return STYLE_BAD;
    return difference->excess > SOME ? STYLE_HOT : STYLE_WARN;
}

static void add_counts(struct table *table, const struct difference *difference)
{
    const size_t *counts = difference->not_finite;

    if (counts[0] == counts[1])
        table_add(table, counts[0] ? STYLE_WARN : STYLE_PLAIN, "%zu", counts[0]);
    else
        table_add(table, STYLE_BAD, "%zu : %zu", counts[0], counts[1]);
}

static void add_row(struct table *table, const struct compare_pair *pair, const struct compare_result *result)
{
    const struct difference *found = &result->difference;
    enum table_style         heat = heat_of(found);

    table_add(table, STYLE_PLAIN, "%s", pair->label);
    table_add(table, STYLE_DIM, "%s", tensor_shape_text(&result->shapes[0]).text);
    if (found->shapes_differ) {
        for (int i = 0; i < 5; i++)
            table_add(table, STYLE_PLAIN, "%s", "-");
        table_add(table, heat, "is %s in B", tensor_shape_text(&result->shapes[1]).text);
        return;
    }
    table_add(table, heat, "%.3g", found->largest);
    table_add(table, heat, "%.3g", found->mean);
    table_add(table, heat, "%.3g", found->square);
    table_add(table, heat, "%.6f", found->cosine);
    add_counts(table, found);
    if (difference_parts(found))
        table_add(table, heat, "%zu of %zu differ", found->beyond, found->count);
    else
        table_add(table, heat, "%s", found->largest > 0 ? "same" : "equal");
}

/* The first pair that has a NaN or an infinity in both, or -1. */
static int first_not_finite(const struct comparison *comparison)
{
    for (int i = 0; i < comparison->pairs.count; i++) {
        const size_t *counts = comparison->results[i].difference.not_finite;
        if (counts[0] && counts[1])
            return i;
    }
    return -1;
}

void comparison_print(const struct comparison *comparison)
{
    int          odd = first_not_finite(comparison), parted = 0;
    struct table table;

    table_start(&table, "llrrrrrl", "tensor|shape|max abs|mean abs|MSE|cosine|NaN, inf|");
    for (int i = 0; i < comparison->pairs.count; i++) {
        add_row(&table, &comparison->pairs.items[i], &comparison->results[i]);
        parted += difference_parts(&comparison->results[i].difference);
    }
    table_print(&table, 0);
    if (odd >= 0)
        table_line(STYLE_WARN, "NaN or infinite numbers are in both, first in %s",
                   comparison->pairs.items[odd].label);
    if (comparison->first < 0)
        table_line(STYLE_GOOD, "%d of %d agree", comparison->pairs.count, comparison->pairs.count);
    else
        table_line(STYLE_BAD, "%d of %d differ; they part first at %s, made by %s", parted,
                   comparison->pairs.count, comparison->pairs.items[comparison->first].label,
                   comparison->pairs.items[comparison->first].node);
}

void comparison_print_files(const struct comparison *comparison)
{
    const struct bisection *bisection = &comparison->bisection;
    const struct options   *options = comparison->options;

    if (comparison->drawn)
        table_line(STYLE_PLAIN, "%s: where in it the error is; pale yellow is %.6g", options->heat,
                   comparison->results[comparison->first].difference.largest);
    if (comparison->bisected)
        table_line(STYLE_PLAIN,
                   "%s: %d node%s in which they still part (by %.6g); run it: sh %s/reproduce.sh",
                   options->bisect, bisection->nodes, bisection->nodes == 1 ? "" : "s",
                   bisection->difference.largest, options->bisect);
    if ((options->heat || options->bisect) && comparison->first < 0)
        table_line(STYLE_PLAIN, "nothing to draw or to cut out");
}

/* ---- for programs ------------------------------------------------------------------------------------ */

static json_t *shape_array(const struct bsr_tensor *shape)
{
    json_t *array = json_array();
    for (int i = 0; i < shape->dims; i++)
        json_array_append_new(array, json_integer(shape->shape[i]));
    return array;
}

/* Null for what was not computed, since the shapes differ. */
static json_t *figure(const struct difference *difference, double number)
{
    return difference->shapes_differ ? json_null() : json_number(number);
}

static json_t *pair_record(const struct compare_pair *pair, const struct compare_result *result)
{
    const struct difference *found = &result->difference;

    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:[I, I], s:b}", "name",
                     json_text(pair->label), "node", json_text(pair->node), "shape",
                     shape_array(&result->shapes[0]), "shape_b", shape_array(&result->shapes[1]), "max_abs",
                     figure(found, found->largest), "mean_abs", figure(found, found->mean), "mse",
                     figure(found, found->square), "cosine", figure(found, found->cosine), "beyond",
                     (json_int_t)found->beyond, "not_finite", (json_int_t)found->not_finite[0],
                     (json_int_t)found->not_finite[1], "same", !difference_parts(found));
}

static json_t *bisection_record(const struct comparison *comparison)
{
    const struct bisection *bisection = &comparison->bisection;

    if (!comparison->bisected)
        return json_null();
    return json_pack("{s:o, s:i, s:i, s:o}", "folder", json_text(comparison->options->bisect), "nodes",
                     bisection->nodes, "inputs", bisection->inputs.count, "max_abs",
                     figure(&bisection->difference, bisection->difference.largest));
}

json_t *comparison_record(const struct comparison *comparison)
{
    const struct options *options = comparison->options;
    json_t               *tensors = json_array(), *first = json_null();

    for (int i = 0; tensors && i < comparison->pairs.count; i++)
        if (json_array_append_new(tensors,
                                  pair_record(&comparison->pairs.items[i], &comparison->results[i]))) {
            json_decref(tensors);
            tensors = NULL;
        }
    if (comparison->first >= 0)
        first = json_text(comparison->pairs.items[comparison->first].label);
    return json_pack(
        "{s:o, s:o, s:f, s:f, s:o, s:o, s:b, s:o, s:o}", "a", json_text(comparison->sides[0].name), "b",
        json_text(comparison->sides[1].name), "atol", options->atol, "rtol", options->rtol, "tensors",
        tensors, "first", first, "same", comparison->first < 0, "heat",
        comparison->drawn ? json_text(options->heat) : json_null(), "bisect", bisection_record(comparison));
}
