/* Lines, zones, classes and addresses as they are written for `besra live`: what they mean, and that damaged
 * ones are refused with a sentence or taken, never worse (the fuzz target checks what is taken). */
#include "app/http/stream_address.h"
#include "app/live_shapes.h"
#include "base/alloc.h"
#include "pipeline/class_find.h"
#include "tests/config/mutate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
/* after its prerequisites */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

int fuzz_live(const uint8_t *data, size_t size);

static bsr_status read_shapes(struct live_shape_list *list, const char *line, const char *zone,
                              struct bsr_error *err)
{
    char          *lines[] = {(char *)line}, *zones[] = {(char *)zone};
    struct options options = {0};
    options.count_lines = (struct option_list){.items = lines, .count = line != NULL};
    options.zones = (struct option_list){.items = zones, .count = zone != NULL};
    options.origins[OPTION_COUNT_LINE] = "--count-line";
    options.origins[OPTION_ZONE] = "besra.cfg:12";
    return live_shape_list_read(list, &options, err);
}

static void test_lines_and_zones_are_points(void **state)
{
    struct live_shape_list list = {0};
    struct bsr_error       err = {0};
    (void)state;
    assert_int_equal(read_shapes(&list, "0,300,700.5,-2", "0,0,200,0,200,150", &err), BSR_OK);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.items[0].count, 2);
    assert_true(list.items[0].points[1].x == 700.5 && list.items[0].points[1].y == -2);
    assert_int_equal(list.items[1].count, 3);
    assert_true(list.items[1].points[2].y == 150);
    live_shape_list_free(&list);
}

static void test_what_is_no_shape_is_refused_by_where_it_stands(void **state)
{
    static const struct {
        const char *line, *zone, *subject, *said;
    } rows[] = {
        {"", NULL, "--count-line", "'' is not two points"},
        {"1,2,3", NULL, "--count-line", "'1,2,3' is not two points"},
        {"1,2,3,4,", NULL, "--count-line", "is not two points"},
        {"1,2,,4", NULL, "--count-line", "is not two points"},
        {"1,2,3,4,5,6", NULL, "--count-line", "is not two points"},
        {"1;2;3;4", NULL, "--count-line", "is not two points"},
        {"1,2,3,inf", NULL, "--count-line", "is not two points"},
        {"1,2,3,0000000000000000000000000000000000000004", NULL, "--count-line", "is not two points"},
        {NULL, "1,2,3,4", "besra.cfg:12", "is not three points or more"},
        {NULL, "1,2,3,4,5,nan", "besra.cfg:12", "is not three points or more"},
        {NULL, "1,2,3,4,5", "besra.cfg:12", "is not three points or more"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct live_shape_list list = {0};
        struct bsr_error       err = {0};
        assert_int_equal(read_shapes(&list, rows[i].line, rows[i].zone, &err), BSR_EUSAGE);
        assert_string_equal(err.subject, rows[i].subject);
        if (!strstr(err.message, rows[i].said))
            fail_msg("%s", err.message);
        assert_null(list.items); /* untouched */
    }
}

static void test_memory_that_runs_out_is_told(void **state)
{
    struct live_shape_list list = {0};
    struct bsr_error       err = {0};
    size_t                 n = 0;
    bsr_status             status = BSR_ENOMEM;
    (void)state;
    while (status == BSR_ENOMEM && n < 100) {
        mem_fail_from(++n);
        status = read_shapes(&list, "1,2,3,4", "1,2,3,4,5,6", &err);
        mem_fail_from(0);
    }
    assert_int_equal(status, BSR_OK);
    assert_int_equal(n, 4); /* the list and two shapes came before */
    live_shape_list_free(&list);
}

static const char *const names[] = {"person", "traffic light", "0", "12 monkeys"};

static const char *name_of(const void *context, int index)
{
    (void)context;
    return names[index];
}

static void test_classes_have_names_and_numbers(void **state)
{
    static const struct {
        const char *wanted;
        int         found;
    } rows[] = {{"person", 0},      {"traffic light", 1}, {"0", 0}, {"3", 3},   {"4", -1},
                {"12 monkeys", 3},  {"Person", -1},       {"", -1}, {"-1", -1}, {"99999999999999999999", -1},
                {"4294967296", -1}, {"persons", -1}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (class_find(rows[i].wanted, COUNT(names), name_of, NULL) != rows[i].found)
            fail_msg("'%s'", rows[i].wanted);
}

static void test_addresses_are_of_this_machine_unless_they_say_otherwise(void **state)
{
    static const struct {
        const char *wanted, *text;
        int         port;
        bool        loopback;
    } rows[] = {{"8080", "127.0.0.1", 8080, true},    {"0", "127.0.0.1", 0, true},
                {"0.0.0.0:80", "0.0.0.0", 80, false}, {"localhost:65535", "127.0.0.1", 65535, true},
                {"[::1]:8080", "[::1]", 8080, true},  {"[::]:8080", "[::]", 8080, false},
                {"127.9.9.9:1", "127.9.9.9", 1, true}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct stream_address address;
        struct bsr_error      err = {0};
        assert_int_equal(stream_address_read(&address, rows[i].wanted, &err), BSR_OK);
        assert_string_equal(address.text, rows[i].text);
        assert_int_equal(address.port, rows[i].port);
        assert_int_equal(address.loopback, rows[i].loopback);
    }
}

static void test_damaged_words(void **state)
{
    /* the first letter chooses the kind: its code modulo 4 */
    static const char *const seeds[] = {"0"
                                        "0,300,700,300",
                                        "1"
                                        "0,0,200.5,0,200,150,-1e2,4",
                                        "2"
                                        "person, dog,3",
                                        "3"
                                        "[::1]:8080",
                                        "3"
                                        "0.0.0.0:80"};
    static const char *const words[] = {
        "1e999", "-1", "nan", "inf", ",,",        ",",     "0x10", "99999999999999999999",
        "[",     "]:", ":",   "::",  " ",         "1e308", "\xC3", "\t",
        "0",     ".",  "e",   "+",   "localhost", "%lo",   NULL};
    enum { CAPACITY = 4096, ROUNDS = 5000 };
    uint64_t random = 7;
    (void)state;
    for (size_t s = 0; s < COUNT(seeds); s++)
        for (int i = 0; i < ROUNDS; i++) {
            uint8_t data[CAPACITY];
            size_t  size = strlen(seeds[s]) - 1;
            memcpy(data + 1, seeds[s] + 1, size);
            data[0] = (uint8_t)seeds[s][0];
            mutate(data + 1, &size, sizeof data - 1, words, &random);
            assert_int_equal(fuzz_live(data, size + 1), 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_and_zones_are_points),
        cmocka_unit_test(test_what_is_no_shape_is_refused_by_where_it_stands),
        cmocka_unit_test(test_memory_that_runs_out_is_told),
        cmocka_unit_test(test_classes_have_names_and_numbers),
        cmocka_unit_test(test_addresses_are_of_this_machine_unless_they_say_otherwise),
        cmocka_unit_test(test_damaged_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
