#include "onnx/name_map.h"

#include "base/alloc.h"

#include <stdint.h>
#include <string.h>

/* FNV-1a, from a start that the table's address gives. */
size_t name_hash(const void *table, size_t size, const char *name)
{
    uint64_t hash =
        ((uint64_t)(uintptr_t)table >> 4) * UINT64_C(0x9E3779B97F4A7C15) ^ UINT64_C(0xCBF29CE484222325);
    for (const char *c = name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001B3);
    return (size_t)(hash ^ hash >> 29) & (size - 1);
}

static size_t *find_slot(const struct name_map *map, const char *from)
{
    size_t at = name_hash(map->table, map->table_size, from);

    while (map->table[at] && strcmp(map->pairs[map->table[at] - 1].from, from) != 0)
        at = (at + 1) & (map->table_size - 1);
    return &map->table[at];
}

/* Of a name's pair, from 1 on; 0: there is none. */
static size_t find_number(const struct name_map *map, const char *from)
{
    return map->table && *from ? *find_slot(map, from) : 0;
}

const struct name_pair *name_map_find(const struct name_map *map, const char *from)
{
    size_t number = find_number(map, from);
    return number ? &map->pairs[number - 1] : NULL;
}

/* Room for one more pair, the table at most half full. */
static bool grow(struct name_map *map)
{
    if (map->count < map->capacity)
        return true;
    size_t            capacity = map->capacity ? map->capacity * 2 : 16;
    struct name_pair *pairs = mem_resize(map->pairs, capacity, sizeof *pairs);
    if (!pairs)
        return false;
    map->pairs = pairs;
    size_t *table = mem_alloc_zeroed(2 * capacity, sizeof *table);
    if (!table)
        return false;
    mem_free(map->table);
    map->capacity = capacity;
    map->table = table;
    map->table_size = 2 * capacity;
    for (size_t i = 0; i < map->count; i++)
        *find_slot(map, pairs[i].from) = i + 1;
    return true;
}

bsr_status name_map_add(struct name_map *map, const char *from, const char *to, size_t number,
                        struct bsr_error *err)
{
    if (!*from || find_number(map, from))
        return BSR_OK;
    struct name_pair pair = {
        .from = mem_copy_text(from), .to = to ? mem_copy_text(to) : NULL, .number = number};
    if (!pair.from || (to && !pair.to) || !grow(map)) {
        mem_free(pair.from);
        mem_free(pair.to);
        return bsr_fail_memory(err, NULL, strlen(from) + 1);
    }
    size_t *slot = find_slot(map, from);
    map->pairs[map->count] = pair;
    *slot = ++map->count;
    return BSR_OK;
}

void name_map_free(struct name_map *map)
{
    for (size_t i = 0; i < map->count; i++) {
        mem_free(map->pairs[i].from);
        mem_free(map->pairs[i].to);
    }
    mem_free(map->pairs);
    mem_free(map->table);
    *map = (struct name_map){0};
}
