/* onnx/name_map.h: names that stand for other names, or are just there. */
#pragma once

#include "base/status.h"

#include <stdbool.h>

/* Start with {0}; release with name_map_free(). All texts are the map's own copies. */
struct name_pair {
    char  *from;
    char  *to; /* NULL where it is just there */
    size_t number;
};

struct name_map {
    struct name_pair *pairs; /* in the order in which they came */
    size_t            count, capacity;
    size_t           *table; /* pair + 1, or 0 */
    size_t            table_size;
};

/* What is known of a name, or NULL; "" is never known. */
const struct name_pair *name_map_find(const struct name_map *map, const char *from);

/* A name that is there already keeps what it stands for. `to` may be NULL. BSR_ENOMEM. */
bsr_status name_map_add(struct name_map *map, const char *from, const char *to, size_t number,
                        struct bsr_error *err);
void       name_map_free(struct name_map *map);

/* Where a name would be in a table of `size` (a power of two) places that begins at `table`: the start of a
 * search. Differs from run to run, so that no file can be made whose names collide. */
size_t name_hash(const void *table, size_t size, const char *name);
