#include "config/text_values.h"

#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads digits into *value and returns where they end; `text` itself where there are none or too many. */
static const char *read_digits(uint64_t *value, const char *text)
{
    uint64_t    sum = 0;
    const char *at = text;
    for (; is_digit(*at); at++) {
        unsigned digit = (unsigned)(*at - '0');
        if (sum > (UINT64_MAX - digit) / 10)
            return text;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return at;
}

bool text_to_whole(int64_t *out, const char *text)
{
    bool        negative = *text == '-';
    const char *digits = text + (negative || *text == '+' ? 1 : 0);
    uint64_t    value = 0;
    const char *end = read_digits(&value, digits);
    if (end == digits || *end || value > (uint64_t)INT64_MAX)
        return false;
    *out = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

/* Where a decimal number at `text` ends; `text` itself when there is none. */
static const char *skip_real(const char *text)
{
    const char *at = text + (*text == '-' || *text == '+' ? 1 : 0);
    int         digits = 0;
    for (; is_digit(*at); at++)
        digits++;
    if (*at == '.')
        for (at++; is_digit(*at); at++)
            digits++;
    if (!digits)
        return text;
    if (*at == 'e' || *at == 'E') {
        const char *power = at + 1 + (at[1] == '-' || at[1] == '+' ? 1 : 0);
        if (is_digit(*power))
            for (at = power; is_digit(*at); at++)
                continue;
    }
    return at;
}

/* strtod() with a point for the point: a program that embeds besra may have set another locale. */
static double read_real(const char *text)
{
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c == (locale_t)0)
        return NAN;
    double value = strtod_l(text, NULL, c);
    freelocale(c);
    return value;
}

bool text_to_real(double *out, const char *text)
{
    const char *end = skip_real(text);
    if (end == text || *end)
        return false;
    double value = read_real(text);
    if (!isfinite(value))
        return false;
    *out = value;
    return true;
}

/* The power that a suffix stands for: 0 for none, 1 for K, ... 4 for T. */
static int suffix_power(char suffix)
{
    static const char suffixes[] = "kKmMgGtT";
    const char       *found = suffix ? strchr(suffixes, suffix) : NULL;
    return found ? (int)(found - suffixes) / 2 + 1 : 0;
}

/* A number that is not negative, times base to the power of its suffix. Returns what is behind the suffix
 * (at least "") and sets *power; NULL when there is no such number. */
static const char *read_scaled(uint64_t *out, int *power, const char *text, double base)
{
    const char *at = skip_real(text);
    if (at == text || *text == '-')
        return NULL;
    double value = read_real(text);
    while (*at == ' ')
        at++;
    *power = suffix_power(*at);
    for (int i = 0; i < *power; i++)
        value *= base;
    if (!(value >= 0 && value < 0x1p63))
        return NULL;
    *out = (uint64_t)value;
    return *power ? at + 1 : at;
}

bool text_to_bytes(uint64_t *out, const char *text)
{
    uint64_t    value = 0;
    int         power = 0;
    const char *rest = read_scaled(&value, &power, text, 1024);
    if (rest && power && *rest == 'i')
        rest++;
    if (rest && (*rest == 'B' || *rest == 'b'))
        rest++;
    if (!rest || *rest)
        return false;
    *out = value;
    return true;
}

bool text_to_amount(uint64_t *out, const char *text)
{
    uint64_t    value = 0;
    int         power = 0;
    const char *rest = read_scaled(&value, &power, text, 1000);
    if (!rest || *rest)
        return false;
    *out = value;
    return true;
}

/* Two whole numbers of 1..INT_MAX with a separator of `separators` (or the sign ×) between them. */
static bool read_pair(int *first, int *second, const char *text, const char *separators)
{
    static const char times[] = "\xC3\x97";
    uint64_t          a = 0, b = 0;
    const char       *at = read_digits(&a, text);
    if (at == text || !*at)
        return false;
    if (*separators != '/' && strncmp(at, times, sizeof times - 1) == 0)
        at += sizeof times - 1;
    else if (strchr(separators, *at))
        at++;
    else
        return false;
    const char *end = read_digits(&b, at);
    if (end == at || *end || a < 1 || b < 1 || a > INT_MAX || b > INT_MAX)
        return false;
    *first = (int)a;
    *second = (int)b;
    return true;
}

bool text_to_extent(int *width, int *height, const char *text)
{
    return read_pair(width, height, text, "xX");
}

bool text_to_shard(int *index, int *count, const char *text)
{
    int k = 0, n = 0;
    if (!read_pair(&k, &n, text, "/") || k > n)
        return false;
    *index = k;
    *count = n;
    return true;
}
