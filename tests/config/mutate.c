#include "mutate.h"

#include <string.h>

uint64_t mutate_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* Puts `length` bytes of `piece` at `at`, moving what is behind. */
static void insert(uint8_t *data, size_t *size, size_t capacity, size_t at, const void *piece, size_t length)
{
    if (length > capacity - *size)
        return;
    memmove(data + at + length, data + at, *size - at);
    memcpy(data + at, piece, length);
    *size += length;
}

void mutate(uint8_t *data, size_t *size, size_t capacity, const char *const *words, uint64_t *state)
{
    enum { PIECE = 64 };
    size_t count = 0;
    while (words[count])
        count++;
    for (uint64_t rounds = 1 + mutate_random(state) % 4; rounds > 0; rounds--) {
        size_t at = *size ? mutate_random(state) % *size : 0;
        size_t length = *size ? mutate_random(state) % (*size - at < PIECE ? *size - at : PIECE) : 0;
        switch (mutate_random(state) % 5) {
        case 0:
            if (*size)
                data[at] ^= (uint8_t)(1U << mutate_random(state) % 8);
            break;
        case 1:
            if (*size)
                data[at] = (uint8_t) "\0\n\"{}[]();,=-.0L9@#\\\xFF"[mutate_random(state) % 21];
            break;
        case 2:
            memmove(data + at, data + at + length, *size - at - length);
            *size -= length;
            break;
        case 3: {
            uint8_t piece[PIECE];
            memcpy(piece, data + at, length);
            insert(data, size, capacity, *size ? mutate_random(state) % *size : 0, piece, length);
            break;
        }
        default: {
            const char *word = count ? words[mutate_random(state) % count] : "";
            insert(data, size, capacity, at, word, strlen(word));
        }
        }
    }
}
