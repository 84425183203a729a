/* Fuzz target: what `besra live` is told on its command line. The first byte chooses: a --count-line, a
 * --zone, classes for --record-on, an [ADDR:]PORT. What is accepted keeps the promises of the headers. */
#include "app/http/stream_address.h"
#include "app/live_shapes.h"
#include "base/alloc.h"
#include "pipeline/class_find.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"person", "traffic light", "7", "\xc3\xa9t\xc3\xa9", ""};

enum { NAMES = sizeof names / sizeof *names };

static void check_refusal(bsr_status status, const struct bsr_error *err)
{
    if (status != err->code || !err->message[0])
        abort();
}

static void look_at(const struct count_shape *shape, bool line)
{
    if (line ? shape->count != 2 : shape->count < 3)
        abort();
    for (int i = 0; i < shape->count; i++)
        if (!isfinite(shape->points[i].x) || !isfinite(shape->points[i].y))
            abort();
}

static void read_shape(char *text, bool line)
{
    const struct option_list given = {.items = &text, .count = 1};
    struct options           options = {0};
    struct live_shape_list   list = {0};
    struct counter          *counter = NULL;
    struct bsr_error         err = {0};

    options.origins[OPTION_COUNT_LINE] = "--count-line";
    options.origins[OPTION_ZONE] = "--zone";
    *(line ? &options.count_lines : &options.zones) = given;
    bsr_status status = live_shape_list_read(&list, &options, &err);
    if (status == BSR_OK) {
        if (list.count != 1)
            abort();
        look_at(list.items, line);
        status = counter_create(&counter, list.items, list.count, &err);
    }
    if (status != BSR_OK)
        check_refusal(status, &err);
    counter_destroy(counter);
    live_shape_list_free(&list);
}

static const char *name_of(const void *context, int index)
{
    (void)context;
    return names[index];
}

static void read_classes(char *text)
{
    static char      program[] = "besra", command[] = "live", flag[] = "--record-on", plain[] = "--no-config";
    char            *words[] = {program, command, plain, flag, text};
    struct options   options;
    struct bsr_error err = {0};
    bsr_status       status = options_parse(&options, 5, words, &err);

    if (status != BSR_OK) {
        check_refusal(status, &err);
        return;
    }
    for (size_t i = 0; i < options.record_on.count; i++) {
        const int found = class_find(options.record_on.items[i], NAMES, name_of, NULL);
        if (found < -1 || found >= NAMES)
            abort();
    }
    options_free(&options);
}

static void read_address(const char *text)
{
    struct stream_address address;
    struct bsr_error      err = {0};
    bsr_status            status = stream_address_read(&address, text, &err);

    if (status != BSR_OK)
        check_refusal(status, &err);
    else if (address.port < 0 || address.port > 65535 || !address.text[0] ||
             !memchr(address.text, '\0', sizeof address.text) || (!strchr(text, ':') && !address.loopback))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = size ? mem_alloc(size) : NULL;

    if (!text)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    if (data[0] % 4 < 2)
        read_shape(text, data[0] % 4 == 0);
    else if (data[0] % 4 == 2)
        read_classes(text);
    else
        read_address(text);
    mem_free(text);
    return 0;
}
