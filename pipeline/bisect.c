#include "pipeline/bisect.h"

#include "base/alloc.h"
#include "onnx/edit.h"
#include "pipeline/bisect_part.h"
#include "pipeline/compare_folder.h"

#include <limits.h>
#include <string.h>

/* The search for the part of the side that is a model: of A, unless that is a folder. */
struct search {
    const struct compare_side   *sides;
    const struct feeds          *feeds;
    const struct compare_pair   *pair; /* where they part first */
    const struct compare_pairs  *pairs;
    const struct compare_result *results;
    const struct tolerance      *allowed;
    int                          model; /* which side: 0 or 1 */
    struct bisect_part           part;  /* cuts are where the two agree, at: the pair */
};

static int choose_part(struct search *search, int reach)
{
    return bisect_part_choose(&search->part, search->pair->names[search->model], reach);
}

/* ---- what a part is fed with ------------------------------------------------------------------------- */

/* Copies of the edges' tensors in the model's run: of its inputs what they are fed with. */
static bsr_status capture(struct feeds *out, const struct search *search, struct bsr_error *err)
{
    const struct compare_side *side = &search->sides[search->model];
    size_t                     size = (size_t)search->part.edge_count + 1;
    const char               **names = mem_alloc_zeroed(size, sizeof *names);
    struct bsr_tensor         *tensors = mem_alloc_zeroed(size, sizeof *tensors);
    int                        count = 0, taken = 0;
    bsr_status status = names && tensors ? BSR_OK : bsr_fail_memory(err, side->name, size * sizeof *tensors);

    for (int i = 0; status == BSR_OK && i < search->part.edge_count; i++)
        if (!bisect_is_input(side->model, search->part.edges[i]))
            names[count++] = search->part.edges[i];
    if (status == BSR_OK && count)
        status = compare_run_side(tensors, side, search->feeds, names, count, err);
    for (int i = 0; status == BSR_OK && i < search->part.edge_count; i++) {
        const struct onnx_named *feed = feeds_find(search->feeds, search->part.edges[i]);
        struct bsr_tensor        tensor = {.data = NULL};
        if (!bisect_is_input(side->model, search->part.edges[i])) {
            tensor = tensors[taken];
            tensors[taken++].data = NULL;
        } else if (feed) {
            status = tensor_copy(&tensor, &feed->tensor, err);
        }
        if (status == BSR_OK && tensor.data)
            status = feeds_add(out, search->part.edges[i], &tensor, err);
    }
    for (int i = taken; tensors && i < count; i++)
        tensor_free(&tensors[i]);
    mem_free(tensors);
    mem_free((void *)names);
    return status;
}

/* Sizes and the like, which follow from the shapes alone, become constants of the part; what is left has the
 * shape that it was captured with. */
static bsr_status settle_inputs(struct onnx_model *model, const char *const *names,
                                const struct search *search, const struct feeds *inputs,
                                struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < inputs->count; i++) {
        const struct bsr_tensor *tensor = &inputs->items[i].tensor;
        const struct bsr_tensor *known =
            onnx_values_find(search->part.inspection.values, inputs->items[i].name);
        status = known && known->data
                     ? onnx_freeze_input(model, names[i], known, err)
                     : onnx_set_input_shape(model, names[i], tensor->shape, tensor->dims, err);
    }
    return status;
}

/* What an edge of the model's side is called in side `side`; the only inputs of two models are each other's.
 */
static const char *name_in(const struct search *search, int side, const char *name)
{
    const struct onnx_model *model = search->sides[search->model].model, *other = search->sides[side].model;
    const struct name_entry *agreed = name_table_find(&search->part.cuts, name);

    if (agreed)
        return search->pairs->items[agreed->at].names[side];
    bool only = onnx_input_count(model) == 1 && onnx_input_count(other) == 1 && bisect_is_input(model, name);
    return only ? onnx_input(other, 0).name : name;
}

/* The part of one side, with the names of the inputs that the model's side has. */
static bsr_status cut_side(struct onnx_model **out, const struct search *search, int side,
                           const struct feeds *inputs, struct bsr_error *err)
{
    const char       **names = mem_alloc_zeroed((size_t)inputs->count + 1, sizeof *names);
    const char *const  output = search->pair->names[side];
    struct onnx_model *model = NULL;

    if (!names)
        return bsr_fail_memory(err, output, sizeof *names);
    for (int i = 0; i < inputs->count; i++)
        names[i] = name_in(search, side, inputs->items[i].name);
    bsr_status status =
        onnx_extract(&model, search->sides[side].model, names, inputs->count, &output, 1, err);
    if (status == BSR_OK)
        status = settle_inputs(model, names, search, inputs, err);
    for (int i = 0; status == BSR_OK && i < inputs->count; i++)
        if (strcmp(names[i], inputs->items[i].name) != 0)
            status = onnx_rename(model, names[i], inputs->items[i].name, err);
    mem_free((void *)names);
    if (status == BSR_OK)
        *out = model;
    else
        onnx_model_free(model);
    return status;
}

/* Leaves the feeds that the part has as inputs, in the types that it declares: as a file of them is read. */
static bsr_status fit_inputs(struct feeds *inputs, const struct onnx_model *model, struct bsr_error *err)
{
    struct feeds fit = {.count = 0};
    bsr_status   status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < onnx_input_count(model); i++) {
        struct onnx_value        input = onnx_input(model, i);
        const struct onnx_named *feed = feeds_find(inputs, input.name);
        struct bsr_tensor        tensor = {.data = NULL};
        if (!feed)
            continue;
        int type = tensor_type_size(input.element_type) ? input.element_type : feed->tensor.type;
        status = tensor_convert(&tensor, &feed->tensor, type, err);
        if (status == BSR_OK)
            status = feeds_add(&fit, input.name, &tensor, err);
    }
    if (status != BSR_OK) {
        feeds_free(&fit);
        return status;
    }
    feeds_free(inputs);
    *inputs = fit;
    return BSR_OK;
}

/* ---- a try ------------------------------------------------------------------------------------------- */

static bsr_status cut(struct bisection *out, const struct search *search, struct bsr_error *err)
{
    const struct compare_side *sides = search->sides;
    int                        model = search->model;
    bsr_status                 status = capture(&out->inputs, search, err);

    if (status == BSR_OK)
        status = cut_side(&out->models[model], search, model, &out->inputs, err);
    out->shared = sides[0].model == sides[1].model;
    if (status == BSR_OK && model == 0 && sides[1].model && !out->shared)
        status = cut_side(&out->models[1], search, 1, &out->inputs, err);
    return status == BSR_OK ? fit_inputs(&out->inputs, out->models[model], err) : status;
}

static bsr_status run_sides(struct bisection *out, const struct search *search, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < 2; i++) {
        struct compare_side side = search->sides[i];
        const char         *name = search->pair->names[i];
        if (!side.model) {
            status = compare_folder_read(&out->outputs[i], side.name, name, err);
            continue;
        }
        side.model = out->models[i] ? out->models[i] : out->models[0];
        status = compare_run_side(&out->outputs[i], &side, &out->inputs, &name, 1, err);
    }
    return status;
}

/* Whether the two still part within `reach`; *out is then that part, in place of what it was. A part that
 * can't be cut out or run proves nothing: only want of memory is a failure. */
static bsr_status try_reach(struct bisection *out, bool *found, struct search *search, int reach,
                            struct bsr_error *err)
{
    struct bisection attempt = {.nodes = 0};

    choose_part(search, reach);
    *found = false;
    bsr_status status = cut(&attempt, search, err);
    if (status == BSR_OK)
        status = run_sides(&attempt, search, err);
    if (status == BSR_OK) {
        attempt.nodes = search->part.queued;
        attempt.difference = difference_of(&attempt.outputs[0], &attempt.outputs[1], search->allowed);
        *found = difference_parts(&attempt.difference);
    }
    if (*found) {
        bisection_free(out);
        *out = attempt;
    } else {
        bisection_free(&attempt);
    }
    return status == BSR_ENOMEM ? status : BSR_OK;
}

/* ---- the search -------------------------------------------------------------------------------------- */

static bsr_status fail_to_part(const struct search *search, struct bsr_error *err)
{
    bsr_fail(err, BSR_EENGINE, search->pair->label,
             "differs only when the whole model is run: every part that ends there agrees by itself");
    bsr_hint(err, "lower --atol and --rtol to find where small differences come from");
    return BSR_EENGINE;
}

/* Wherever the two agree, the model may be cut. */
static bsr_status open_search(struct search *search, struct bsr_error *err)
{
    bsr_status status =
        bisect_part_open(&search->part, search->sides[search->model].model, search->feeds, err);

    for (int i = 0; status == BSR_OK && i < search->pairs->count; i++)
        if (!difference_parts(&search->results[i].difference))
            status = bisect_part_may_cut(&search->part, search->pairs->items[i].names[search->model],
                                         (size_t)i, err);
    bisect_part_sort(&search->part);
    return status;
}

static bsr_status find_part(struct bisection *out, struct search *search, struct bsr_error *err)
{
    int        all = choose_part(search, INT_MAX) + 1, agrees = 0, parts = 1;
    bool       found = false;
    bsr_status status = try_reach(out, &found, search, parts, err);

    while (status == BSR_OK && !found && parts < all) {
        agrees = parts;
        parts = parts > all / 2 ? all : 2 * parts;
        status = try_reach(out, &found, search, parts, err);
    }
    if (status == BSR_OK && !found)
        return fail_to_part(search, err);
    while (status == BSR_OK && parts - agrees > 1) {
        int middle = agrees + (parts - agrees) / 2;
        status = try_reach(out, &found, search, middle, err);
        if (found)
            parts = middle;
        else
            agrees = middle;
    }
    return status;
}

static bsr_status keep_names(struct bisection *out, const struct compare_pair *pair, struct bsr_error *err)
{
    for (int i = 0; i < 2; i++) {
        out->names[i] = mem_copy_text(pair->names[i]);
        if (!out->names[i])
            return bsr_fail_memory(err, pair->label, strlen(pair->names[i]) + 1);
    }
    return BSR_OK;
}

bsr_status bisect(struct bisection *out, const struct compare_side sides[2], const struct feeds *feeds,
                  const struct compare_pairs *pairs, const struct compare_result *results, int first,
                  const struct tolerance *allowed, struct bsr_error *err)
{
    struct bisection found = {.nodes = 0};
    struct search    search = {.sides = sides,
                               .feeds = feeds,
                               .pair = &pairs->items[first],
                               .pairs = pairs,
                               .results = results,
                               .allowed = allowed,
                               .model = sides[0].model ? 0 : 1};
    bsr_status       status = open_search(&search, err);

    if (status == BSR_OK)
        status = find_part(&found, &search, err);
    if (status == BSR_OK)
        status = keep_names(&found, search.pair, err);
    bisect_part_close(&search.part);
    if (status == BSR_OK)
        *out = found;
    else
        bisection_free(&found);
    return status;
}

void bisection_free(struct bisection *bisection)
{
    for (int i = 0; i < 2; i++) {
        onnx_model_free(bisection->models[i]);
        tensor_free(&bisection->outputs[i]);
        mem_free(bisection->names[i]);
    }
    feeds_free(&bisection->inputs);
    *bisection = (struct bisection){.nodes = 0};
}
