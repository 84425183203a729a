#include "onnx/changes.h"

#include "base/alloc.h"
#include <stdarg.h>
#include <stdio.h>

static bsr_status make_room(struct onnx_changes *changes, struct bsr_error *err)
{
    if (changes->count < changes->capacity)
        return BSR_OK;
    size_t              capacity = changes->capacity ? changes->capacity * 2 : 16;
    struct onnx_change *items = mem_resize(changes->items, capacity, sizeof *items);
    if (!items)
        return bsr_fail_memory(err, NULL, capacity * sizeof *items);
    changes->items = items;
    changes->capacity = capacity;
    return BSR_OK;
}

bsr_status onnx_changes_add(struct onnx_changes *changes, struct bsr_error *err, const char *pass,
                            const char *node, const char *format, ...)
{
    va_list list;

    if (!changes)
        return BSR_OK;
    bsr_status status = make_room(changes, err);
    if (status != BSR_OK)
        return status;

    char text[512];
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);

    struct onnx_change change = {.pass = pass, .node = mem_copy_text(node), .text = mem_copy_text(text)};
    if (!change.node || !change.text) {
        mem_free(change.node);
        mem_free(change.text);
        return bsr_fail_memory(err, NULL, sizeof text);
    }
    changes->items[changes->count++] = change;
    return BSR_OK;
}

void onnx_changes_free(struct onnx_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        mem_free(changes->items[i].node);
        mem_free(changes->items[i].text);
    }
    mem_free(changes->items);
    *changes = (struct onnx_changes){0};
}
