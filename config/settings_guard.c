#include "config/settings_guard.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Where the guard is: it knows as much of libconfig's grammar as tells data from names, quoted text and
 * comments. */
struct guard {
    const char *at;
    int         line;
    int         depth;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '*';
}

static int hexadecimal_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Moves to `end`, counting lines. */
static void move_to(struct guard *guard, const char *end)
{
    for (; guard->at < end; guard->at++)
        guard->line += *guard->at == '\n';
}

static const char *end_of_quote(const char *at)
{
    for (at++; *at && *at != '"'; at++)
        if (*at == '\\' && at[1])
            at++;
    return *at ? at + 1 : at;
}

static const char *end_of_comment(const char *at)
{
    if (at[0] == '/' && at[1] == '*') {
        const char *close = strstr(at + 2, "*/");
        return close ? close + 2 : at + strlen(at);
    }
    return at + strcspn(at, "\n");
}

static const char *end_of_digits(const char *at)
{
    while (is_digit(*at))
        at++;
    return at;
}

/* The end of a number that starts with a digit or a point at `at`. *fits is false for a whole number that
 * libconfig would wrap; `negative` numbers reach one further. */
static const char *end_of_number(const char *at, bool negative, bool *fits)
{
    unsigned base = at[0] == '0' && (at[1] == 'x' || at[1] == 'X') ? 16 : 10;
    uint64_t value = 0;
    bool     overflows = false;

    *fits = true;
    for (at += base == 16 ? 2 : 0;; at++) {
        int digit = base == 16 ? hexadecimal_digit(*at) : is_digit(*at) ? *at - '0' : -1;
        if (digit < 0)
            break;
        overflows = overflows || value > (UINT64_MAX - (unsigned)digit) / base;
        value = value * base + (unsigned)digit;
    }
    bool is_real = base == 10 && (*at == '.' || *at == 'e' || *at == 'E');
    if (!is_real) {
        uint64_t most = (*at == 'L' ? (uint64_t)INT64_MAX : (uint64_t)INT32_MAX) + negative;
        *fits = !overflows && value <= most;
        return at + strspn(at, "L");
    }
    if (*at == '.')
        at = end_of_digits(at + 1);
    if ((*at == 'e' || *at == 'E') && (is_digit(at[1]) || (strchr("+-", at[1]) && is_digit(at[2]))))
        at = end_of_digits(at + 2);
    return at;
}

static const char *check_bracket(struct guard *guard)
{
    if (strchr("{([", *guard->at) && ++guard->depth > SETTINGS_MAX_DEPTH)
        return "nested too deeply";
    if (strchr("})]", *guard->at) && guard->depth > 0)
        guard->depth--;
    return NULL;
}

/* Takes one name, number, text, comment or other character; returns what is wrong with it. */
static const char *guard_step(struct guard *guard, char before)
{
    const char *at = guard->at;
    const char *end = at + 1;
    const char *fault = check_bracket(guard);
    if (*at == '@') {
        fault = "@include is not allowed here";
    } else if (*at == '"') {
        end = end_of_quote(at);
    } else if (*at == '#' || (*at == '/' && (at[1] == '/' || at[1] == '*'))) {
        end = end_of_comment(at);
    } else if (is_letter(*at)) {
        while (is_letter(*end) || is_digit(*end) || *end == '-' || *end == '_')
            end++;
    } else if (is_digit(*at) || (*at == '.' && is_digit(at[1]))) {
        bool fits = true;
        end = end_of_number(at, before == '-', &fits);
        if (!fits)
            fault = "a whole number too large: from 2147483648 on they need an L behind them";
    }
    if (!fault)
        move_to(guard, end);
    return fault;
}

const char *settings_guard(const char *text, size_t size, int *line)
{
    struct guard guard = {.at = text, .line = 1};
    const char  *fault = NULL;
    while (!fault && *guard.at)
        fault = guard_step(&guard, guard.at > text ? guard.at[-1] : '\0');
    if (!fault && (size_t)(guard.at - text) != size)
        fault = "a byte of value zero: this is no text";
    *line = guard.line;
    return fault;
}
