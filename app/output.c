/* The ends of what goes to standard output, and numbers as a person reads them. */
#include "app/exit_code.h"
#include "app/tables.h"
#include "app/terminal.h"
#include "base/file.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct number_text number_whole(uint64_t number)
{
    struct number_text text;
    char               digits[24];
    int                length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number), at = 0;

    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            text.text[at++] = ',';
        text.text[at++] = digits[i];
    }
    text.text[at] = '\0';
    return text;
}

/* Three digits that count, and what the thousands are called. */
static struct number_text in_thousands(uint64_t number, const char *const units[], int count)
{
    struct number_text text;
    double             value = (double)number;
    int                unit = 0;

    while (value >= 999.5 && unit + 1 < count) {
        value /= 1000;
        unit++;
    }
    snprintf(text.text, sizeof text.text, "%.*f%s%s",
             unit == 0 || value >= 99.95 ? 0
             : value >= 9.995            ? 1
                                         : 2,
             value, *units[unit] ? " " : "", units[unit]);
    return text;
}

struct number_text number_short(uint64_t number)
{
    static const char *const units[] = {"", "k", "M", "G", "T", "P"};
    return in_thousands(number, units, sizeof units / sizeof *units);
}

struct number_text number_bytes(uint64_t bytes)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};
    return in_thousands(bytes, units, sizeof units / sizeof *units);
}

struct number_text number_bar(double part, double whole, int width)
{
    enum { LONGEST = 12 };
    struct number_text text = {""};
    int                most = width < LONGEST ? width : LONGEST;
    int                eighths = whole > 0 ? (int)(part / whole * most * 8 + 0.5) : 0;

    if (eighths == 0 && part > 0)
        eighths = 1; /* something is more than nothing */
    for (int i = 0; i < (eighths + 7) / 8 && i < most; i++) {
        int full = eighths - 8 * i >= 8 ? 8 : eighths - 8 * i;
        /* U+2588 is a full block, U+258F an eighth of one. */
        const char block[] = {(char)0xE2, (char)0x96, (char)(0x90 - full), '\0'};
        memcpy(text.text + strlen(text.text), block, sizeof block);
    }
    return text;
}

json_t *json_number(double number)
{
    return isfinite(number) ? json_real(number) : json_null();
}

static int fail_output(const char *name)
{
    struct bsr_error err;
    bsr_fail(&err, BSR_EIO, name, "can't be written: %s", strerror(errno));
    terminal_error(&err);
    return EXIT_SOME_FAILED;
}

int output_finish(void)
{
    return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_DONE : fail_output("standard output");
}

int output_json(const struct options *options, json_t *object)
{
    enum { DIGITS = 9 }; /* significant ones: a float is told apart from its neighbours */
    char            *text = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS)) : NULL;
    struct bytes     line = {0};
    struct bsr_error err;
    bsr_status       status = BSR_OK;

    json_decref(object);
    if (text)
        bytes_append_format(&line, "%s\n", text);
    if (!text || line.failed)
        status = bsr_fail_memory(&err, options->json, 0);
    else
        status = file_write(options->json, line.data, line.size, options->overwrite, false, &err);
    free(text); /* jansson's own */
    bytes_free(&line);
    if (status == BSR_OK)
        return EXIT_DONE;
    if (status == BSR_EEXIST)
        bsr_hint(&err, "replace it with --overwrite");
    terminal_error(&err);
    return EXIT_SOME_FAILED;
}
