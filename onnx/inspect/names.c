#include "onnx/inspect/names.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

bsr_status name_table_add(struct name_table *table, const char *name, int kind, size_t at,
                          struct bsr_error *err)
{
    if (table->count == table->capacity) {
        size_t             capacity = table->capacity ? table->capacity * 2 : 64;
        struct name_entry *entries = mem_resize(table->entries, capacity, sizeof *entries);
        if (!entries)
            return bsr_fail_memory(err, NULL, capacity * sizeof *entries);
        table->entries = entries;
        table->capacity = capacity;
    }
    table->entries[table->count++] = (struct name_entry){name, kind, at};
    return BSR_OK;
}

static int compare(const void *left, const void *right)
{
    const struct name_entry *a = left, *b = right;
    int                      order = strcmp(a->name, b->name);
    if (!order)
        order = (a->kind > b->kind) - (a->kind < b->kind);
    return order ? order : (a->at > b->at) - (a->at < b->at);
}

void name_table_sort(struct name_table *table)
{
    if (table->count)
        qsort(table->entries, table->count, sizeof *table->entries, compare);
}

const struct name_entry *name_table_find(const struct name_table *table, const char *name)
{
    size_t first = 0, last = table->count;

    while (first < last) {
        size_t middle = first + (last - first) / 2;
        if (strcmp(table->entries[middle].name, name) < 0)
            first = middle + 1;
        else
            last = middle;
    }
    bool found = first < table->count && strcmp(table->entries[first].name, name) == 0;
    return found ? &table->entries[first] : NULL;
}

size_t name_table_next(const struct name_table *table, size_t first)
{
    size_t next = first + 1;
    while (next < table->count && strcmp(table->entries[next].name, table->entries[first].name) == 0)
        next++;
    return next;
}

void name_table_free(struct name_table *table)
{
    mem_free(table->entries);
    *table = (struct name_table){0};
}
