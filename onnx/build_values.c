#include "onnx/build_values.h"

#include "base/alloc.h"
#include "base/nearest.h"
#include "onnx/graph.h"

#include <string.h>

/* What was added last is asked for most. */
struct build_value *build_values_find(const struct build_values *values, const char *name)
{
    for (size_t i = values->count; i-- > 0;)
        if (strcmp(values->items[i]->name, name) == 0 || strcmp(values->items[i]->returned, name) == 0)
            return values->items[i];
    return NULL;
}

static void free_value(struct build_value *value)
{
    mem_free(value->returned);
    mem_free(value->name);
    mem_free(value->owned);
    mem_free(value);
}

static struct build_value *make_value(const char *name)
{
    struct build_value *value = mem_alloc_zeroed(1, sizeof *value);

    if (value) {
        value->returned = mem_copy_text(name);
        value->name = mem_copy_text(name);
    }
    if (!value || (value->returned && value->name))
        return value;
    free_value(value);
    return NULL;
}

static bool make_room(struct build_values *values)
{
    size_t capacity = values->capacity ? values->capacity * 2 : 32;
    if (values->count < values->capacity)
        return true;
    void *items = mem_resize(values->items, capacity, sizeof(void *));
    if (!items)
        return false;
    values->items = items;
    values->capacity = capacity;
    return true;
}

bsr_status build_values_add(struct build_value **out, struct build_values *values, const char *name,
                            struct bsr_error *err)
{
    if (!*name || strnlen(name, ONNX_MAX_NAME + 1) > ONNX_MAX_NAME)
        return bsr_fail(err, BSR_EMODEL, NULL, "a name must be of 1 to %d bytes", ONNX_MAX_NAME);
    if (build_values_find(values, name))
        return bsr_fail(err, BSR_EMODEL, NULL, "there is a value '%s' already", shown_name(name).text);
    struct build_value *value = make_room(values) ? make_value(name) : NULL;
    if (!value)
        return bsr_fail_memory(err, NULL, sizeof *value);
    values->items[values->count++] = value;
    *out = value;
    return BSR_OK;
}

void build_values_cut(struct build_values *values, size_t count)
{
    while (values->count > count)
        free_value(values->items[--values->count]);
}

bsr_status build_values_fail_unknown(const struct build_values *values, const char *name,
                                     struct bsr_error *err)
{
    struct nearest nearest = nearest_start(name);

    for (size_t i = 0; i < values->count; i++)
        nearest_offer(&nearest, values->items[i]->returned);
    if (nearest.best)
        return bsr_fail(err, BSR_EMODEL, NULL, "nothing before makes '%s'; did you mean '%s'?",
                        shown_name(name).text, shown_name(nearest.best).text);
    return bsr_fail(err, BSR_EMODEL, NULL, "nothing before makes '%s'", shown_name(name).text);
}

void build_values_free(struct build_values *values)
{
    build_values_cut(values, 0);
    mem_free(values->items);
    *values = (struct build_values){.items = NULL};
}
