#include "postprocess/nms_order.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum {
    DIGIT_BITS = 11, /* three passes for 32 bits; 2,048 counters stay in the first cache */
    DIGITS = 1 << DIGIT_BITS,
    PASSES = 3,
    FEW = 48, /* up to here sorting by insertion is faster */
};

/* Bits that fall as the score rises. Positive floats rise with their bits, negative ones fall. */
static uint32_t falling_bits(float score)
{
    uint32_t bits;
    float    one_zero = score + 0.0F; /* -0 and 0 are a tie */
    memcpy(&bits, &one_zero, sizeof(bits));
    return bits & 0x80000000U ? bits : ~bits & 0x7FFFFFFFU;
}

static bool is_finite(const struct candidate *item)
{
    return isfinite(item->x1) && isfinite(item->y1) && isfinite(item->x2) && isfinite(item->y2) &&
           isfinite(item->score);
}

size_t nms_make_keys(uint64_t *keys, const struct candidates *list)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        if (is_finite(&list->items[i]))
            keys[count++] = (uint64_t)falling_bits(list->items[i].score) << 32 | i;
    return count;
}

static void sort_few(uint64_t *keys, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        uint64_t key = keys[i];
        size_t   at = i;
        for (; at > 0 && keys[at - 1] >> 32 > key >> 32; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

static unsigned digit_of(uint64_t key, int pass)
{
    return (unsigned)(key >> (32 + pass * DIGIT_BITS)) & (DIGITS - 1);
}

/* As kept proposals are. */
static bool is_sorted(const uint64_t *keys, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (keys[i - 1] >> 32 > keys[i] >> 32)
            return false;
    return true;
}

/* Radix sort, least digit first. A pass in which all keys have the same digit is left out. */
void nms_sort_keys(uint64_t *keys, uint64_t *scratch, size_t count)
{
    uint32_t  places[PASSES][DIGITS] = {{0}};
    uint64_t *from = keys, *to = scratch;

    if (count <= FEW) {
        sort_few(keys, count);
        return;
    }
    if (is_sorted(keys, count))
        return;
    for (size_t i = 0; i < count; i++)
        for (int pass = 0; pass < PASSES; pass++)
            places[pass][digit_of(keys[i], pass)]++;

    for (int pass = 0; pass < PASSES; pass++) {
        uint32_t *place = places[pass];
        if (place[digit_of(keys[0], pass)] == count)
            continue;
        for (uint32_t digit = 0, sum = 0; digit < DIGITS; digit++) {
            uint32_t items = place[digit];
            place[digit] = sum;
            sum += items;
        }
        for (size_t i = 0; i < count; i++)
            to[place[digit_of(from[i], pass)]++] = from[i];
        uint64_t *other = from;
        from = to;
        to = other;
    }
    if (from != keys)
        memcpy(keys, from, count * sizeof(*keys));
}
