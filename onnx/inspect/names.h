/* onnx/inspect/names.h: names with what they stand for, sorted, so that none is looked for twice. */
#pragma once

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

struct name_entry {
    const char *name; /* not the table's */
    int         kind; /* the caller's */
    size_t      at;   /* the caller's: an index */
};

/* Start with {0}; release with name_table_free(). */
struct name_table {
    struct name_entry *entries; /* by name, then kind, then index, once sorted */
    size_t             count, capacity;
};

bsr_status name_table_add(struct name_table *table, const char *name, int kind, size_t at,
                          struct bsr_error *err);
void       name_table_sort(struct name_table *table);

/* The first entry of that name in a sorted table, or NULL. */
const struct name_entry *name_table_find(const struct name_table *table, const char *name);

/* The index behind the entries that have the name of entry `first`. */
size_t name_table_next(const struct name_table *table, size_t first);

void name_table_free(struct name_table *table);
