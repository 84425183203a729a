#include "pipeline/compare_pairs.h"

#include "base/alloc.h"
#include "base/nearest.h"
#include "onnx/inspect/inspect.h"
#include "onnx/inspect/names.h"
#include "pipeline/compare_folder.h"

#include <string.h>

/* The tensors of one side: what its nodes make, in their order. All empty for a folder. */
struct catalogue {
    const struct compare_side *side;
    struct onnx_inspection     inspection;
    struct name_table          made; /* at: the layer */
};

enum { MADE };

static bool is_constant(const struct onnx_layer *layer)
{
    return strcmp(layer->type, "Constant") == 0;
}

static bsr_status list_made(struct catalogue *catalogue, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < catalogue->inspection.layer_count; i++) {
        const struct onnx_layer *layer = &catalogue->inspection.layers[i];
        for (int k = 0; status == BSR_OK && !is_constant(layer) && k < layer->output_count; k++)
            if (*layer->outputs[k])
                status = name_table_add(&catalogue->made, layer->outputs[k], MADE, (size_t)i, err);
    }
    name_table_sort(&catalogue->made);
    return status;
}

static bsr_status open_catalogue(struct catalogue *out, const struct compare_side *side,
                                 const struct feeds *feeds, struct bsr_error *err)
{
    *out = (struct catalogue){.side = side};
    if (!side->model)
        return BSR_OK;
    struct onnx_named *shapes = feeds_shapes(feeds);
    if (!shapes)
        return bsr_fail_memory(err, side->name, sizeof *shapes);
    bsr_status status = onnx_inspect(&out->inspection, side->model, shapes, feeds->count, err);
    mem_free(shapes);
    return status == BSR_OK ? list_made(out, err) : status;
}

static void close_catalogue(struct catalogue *catalogue)
{
    onnx_inspection_free(&catalogue->inspection);
    name_table_free(&catalogue->made);
}

static bool has(const struct catalogue *catalogue, const char *name)
{
    return name_table_find(&catalogue->made, name) != NULL;
}

static bool is_output(const struct catalogue *catalogue, const char *name)
{
    for (int i = 0; catalogue->side->model && i < onnx_output_count(catalogue->side->model); i++)
        if (strcmp(onnx_output(catalogue->side->model, i).name, name) == 0)
            return true;
    return !catalogue->side->model;
}

/* ---- the list ---------------------------------------------------------------------------------------- */

static void free_pair(struct compare_pair *pair)
{
    mem_free(pair->label);
    mem_free(pair->names[0]);
    mem_free(pair->names[1]);
    mem_free(pair->node);
}

void compare_pairs_free(struct compare_pairs *pairs)
{
    for (int i = 0; i < pairs->count; i++)
        free_pair(&pairs->items[i]);
    mem_free(pairs->items);
    *pairs = (struct compare_pairs){0};
}

struct choice {
    struct compare_pairs pairs;
    struct catalogue     sides[2];
    int                  leader; /* the side whose order counts: A, unless that is a folder */
};

static size_t bytes_of(const struct catalogue *catalogue, const char *name)
{
    const struct bsr_tensor *known = catalogue->side->model && catalogue->inspection.values
                                         ? onnx_values_find(catalogue->inspection.values, name)
                                         : NULL;
    size_t                   bytes = known ? tensor_bytes(known) : 0;
    return bytes == SIZE_MAX ? 0 : bytes;
}

/* "/conv1/Conv (Conv)", a copy; NULL when memory ran out. */
static char *maker_of(const struct catalogue *catalogue, const char *name)
{
    const struct name_entry *entry = name_table_find(&catalogue->made, name);
    struct bytes             text = {0};

    if (!entry || !catalogue->inspection.layers)
        return mem_copy_text(name);
    const struct onnx_layer *layer = &catalogue->inspection.layers[entry->at];
    bytes_append_format(&text, "%s (%s%s%s)", layer->name, layer->domain, *layer->domain ? "." : "",
                        layer->type);
    char *copy = text.failed ? NULL : mem_copy_text(bytes_text(&text));
    bytes_free(&text);
    return copy;
}

static bsr_status add(struct choice *choice, const char *label, const char *a, const char *b,
                      struct bsr_error *err)
{
    const struct catalogue *leader = &choice->sides[choice->leader];
    const char             *name = choice->leader ? b : a;
    struct compare_pairs   *pairs = &choice->pairs;
    struct compare_pair    *items = pairs->items;
    struct compare_pair     pair = {.label = mem_copy_text(label),
                                    .names = {mem_copy_text(a), mem_copy_text(b)},
                                    .node = maker_of(leader, name),
                                    .is_own = is_output(&choice->sides[0], a) && is_output(&choice->sides[1], b),
                                    .bytes = bytes_of(leader, name)};

    if ((pairs->count & (pairs->count + 1)) == 0) /* a power of two less one: full */
        items = mem_resize(pairs->items, 2 * (size_t)pairs->count + 1, sizeof *items);
    if (items)
        pairs->items = items;
    if (!items || !pair.label || !pair.names[0] || !pair.names[1] || !pair.node) {
        free_pair(&pair);
        return bsr_fail_memory(err, label, sizeof *items);
    }
    items[pairs->count++] = pair;
    return BSR_OK;
}

static bsr_status add_same(struct choice *choice, const char *name, struct bsr_error *err)
{
    return add(choice, name, name, name, err);
}

/* ---- what was asked for ------------------------------------------------------------------------------ */

static bsr_status fail_unknown(const struct catalogue *catalogue, const char *name, struct bsr_error *err)
{
    struct nearest nearest = nearest_start(name);

    for (size_t i = 0; i < catalogue->made.count; i++)
        nearest_offer(&nearest, catalogue->made.entries[i].name);
    bsr_fail(err, BSR_EUSAGE, "--at", "no node of %s makes '%.200s'", catalogue->side->name, name);
    if (nearest.best)
        bsr_hint(err, "did you mean '%.200s'?", nearest.best);
    else
        bsr_hint(err, "`besra model show --layers` lists the names");
    return BSR_EUSAGE;
}

/* The tensor behind the debug node of that name, or NULL. */
static const char *behind_debug(const struct compare_side *side, const char *name)
{
    char        label[ONNX_DEBUG_NAME_SIZE];
    const char *value = NULL;

    for (int i = 0; onnx_debug_name(side->model, i, label, &value); i++)
        if (strcmp(label, name) == 0)
            return value;
    return NULL;
}

/* What --at calls *name, in a model; a folder has its files by that very name. */
static bsr_status find_asked(const char **name, const struct catalogue *catalogue, struct bsr_error *err)
{
    if (!catalogue->side->model || has(catalogue, *name))
        return BSR_OK;
    const char *value = behind_debug(catalogue->side, *name);
    if (!value)
        return fail_unknown(catalogue, *name, err);
    *name = value;
    return BSR_OK;
}

static bsr_status add_asked(struct choice *choice, const char *text, struct bsr_error *err)
{
    const char *equals = strchr(text, '='), *names[2] = {text, text};
    char       *left = NULL;

    if (equals && !has(&choice->sides[choice->leader], text)) {
        left = mem_copy_text(text);
        if (!left)
            return bsr_fail_memory(err, text, strlen(text) + 1);
        left[equals - text] = '\0';
        names[0] = left;
        names[1] = equals + 1;
    }
    bsr_status status = find_asked(&names[0], &choice->sides[0], err);
    if (status == BSR_OK)
        status = find_asked(&names[1], &choice->sides[1], err);
    if (status == BSR_OK)
        status = add(choice, left ? left : text, names[0], names[1], err);
    mem_free(left);
    return status;
}

/* ---- all there is ------------------------------------------------------------------------------------ */

static bool has_file(const char *folder, const char *name)
{
    struct bytes path = {0};
    bool         found = compare_folder_find(&path, folder, name);
    bytes_free(&path);
    return found;
}

static bsr_status add_with_files(struct choice *choice, const char *folder, struct bsr_error *err)
{
    const struct catalogue *model = &choice->sides[choice->leader];
    char                    label[ONNX_DEBUG_NAME_SIZE];
    const char             *value = NULL;
    bsr_status              status = BSR_OK;

    for (int i = 0; status == BSR_OK && onnx_debug_name(model->side->model, i, label, &value); i++)
        if (has_file(folder, label))
            status = add(choice, label, choice->leader ? label : value, choice->leader ? value : label, err);
    if (choice->pairs.count)
        return status;
    for (int i = 0; status == BSR_OK && i < model->inspection.layer_count; i++) {
        const struct onnx_layer *layer = &model->inspection.layers[i];
        for (int k = 0; status == BSR_OK && !is_constant(layer) && k < layer->output_count; k++)
            if (*layer->outputs[k] && has_file(folder, layer->outputs[k]))
                status = add_same(choice, layer->outputs[k], err);
    }
    return status;
}

/* What B calls the tensor of A: by name, by a debug node of the same name, as the output of the same number;
 * NULL: nothing. *label is what a person calls it. */
static const char *find_other(const char **label, char debug[ONNX_DEBUG_NAME_SIZE],
                              const struct choice *choice, const char *name)
{
    const struct onnx_model *a = choice->sides[0].side->model, *b = choice->sides[1].side->model;
    const char              *value = NULL, *other = NULL;

    *label = name;
    if (has(&choice->sides[1], name))
        return name;
    for (int i = 0; onnx_debug_name(a, i, debug, &value); i++)
        if (strcmp(value, name) == 0 && (other = behind_debug(choice->sides[1].side, debug)) != NULL) {
            *label = debug;
            return other;
        }
    for (int i = 0; onnx_output_count(a) == onnx_output_count(b) && i < onnx_output_count(a); i++)
        if (strcmp(onnx_output(a, i).name, name) == 0 && has(&choice->sides[1], onnx_output(b, i).name) &&
            !has(&choice->sides[0], onnx_output(b, i).name))
            return onnx_output(b, i).name;
    return NULL;
}

static bsr_status add_common(struct choice *choice, struct bsr_error *err)
{
    const struct onnx_inspection *inspection = &choice->sides[0].inspection;
    char                          debug[ONNX_DEBUG_NAME_SIZE];
    bsr_status                    status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < inspection->layer_count; i++) {
        const struct onnx_layer *layer = &inspection->layers[i];
        for (int k = 0; status == BSR_OK && !is_constant(layer) && k < layer->output_count; k++) {
            const char *label = NULL;
            const char *other =
                *layer->outputs[k] ? find_other(&label, debug, choice, layer->outputs[k]) : NULL;
            if (other)
                status = add(choice, label, layer->outputs[k], other, err);
        }
    }
    return status;
}

static bsr_status fail_empty(const struct compare_side sides[2], struct bsr_error *err)
{
    const char *folder = !sides[0].model ? sides[0].name : !sides[1].model ? sides[1].name : NULL;

    if (folder)
        bsr_fail(err, BSR_EUSAGE, folder, "no .npy file there is named after a tensor of the model");
    else
        bsr_fail(err, BSR_EUSAGE, "model compare", "the two have no tensor of the same name");
    bsr_hint(err, "say which belong together: --at %s", folder ? "NAME" : "NAME_IN_A=NAME_IN_B");
    return BSR_EUSAGE;
}

bsr_status compare_pairs_choose(struct compare_pairs *out, const struct compare_side sides[2],
                                const struct feeds *feeds, const char *const *at, int at_count,
                                struct bsr_error *err)
{
    struct choice choice = {.leader = sides[0].model ? 0 : 1};
    bsr_status    status = open_catalogue(&choice.sides[0], &sides[0], feeds, err);

    if (status == BSR_OK)
        status = open_catalogue(&choice.sides[1], &sides[1], feeds, err);
    for (int i = 0; status == BSR_OK && i < at_count; i++)
        status = add_asked(&choice, at[i], err);
    if (status == BSR_OK && !at_count && sides[0].model && sides[1].model)
        status = add_common(&choice, err);
    else if (status == BSR_OK && !at_count)
        status = add_with_files(&choice, sides[1 - choice.leader].name, err);
    if (status == BSR_OK && !choice.pairs.count)
        status = fail_empty(sides, err);
    close_catalogue(&choice.sides[0]);
    close_catalogue(&choice.sides[1]);
    if (status == BSR_OK)
        *out = choice.pairs;
    else
        compare_pairs_free(&choice.pairs);
    return status;
}
