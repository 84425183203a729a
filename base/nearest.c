#include "base/nearest.h"

#include <string.h>

/* As compared: lower case, dashes for underscores. */
static char plain(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return (char)(c == '_' ? '-' : c);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t nearest_distance(const char *a, const char *b)
{
    size_t rows = strlen(a), columns = strlen(b);
    if (rows > NEAREST_MAX_LENGTH || columns > NEAREST_MAX_LENGTH)
        return rows > columns ? rows : columns;

    /* The last three rows of the table of distances between the beginnings of a and b. */
    size_t  table[3][NEAREST_MAX_LENGTH + 1];
    size_t *above_last = table[0], *last = table[1], *now = table[2];
    for (size_t j = 0; j <= columns; j++)
        last[j] = j;
    for (size_t i = 1; i <= rows; i++) {
        now[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            char   left = plain(a[i - 1]), right = plain(b[j - 1]);
            size_t cost = left == right ? 0 : 1;
            now[j] = least(last[j - 1] + cost, least(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && left == plain(b[j - 2]) && plain(a[i - 2]) == right)
                now[j] = least(now[j], above_last[j - 2] + 1);
        }
        size_t *free_row = above_last;
        above_last = last;
        last = now;
        now = free_row;
    }
    return last[columns];
}

struct nearest nearest_start(const char *word)
{
    size_t length = strlen(word);
    /* One more than is near enough. */
    return (struct nearest){.word = word, .distance = (length < 3 ? 1 : length / 3) + 1};
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
    enum { LEAST_BEGINNING = 3 };
    size_t length = strlen(nearest->word);
    size_t distance = nearest_distance(nearest->word, candidate);

    if (length >= LEAST_BEGINNING && strncmp(nearest->word, candidate, length) == 0)
        distance = 1;
    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->best = candidate;
    }
}
