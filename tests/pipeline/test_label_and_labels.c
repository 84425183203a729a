/* What is written at a box, and YOLO's label text. */
#include "pipeline/label.h"
#include "pipeline/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const struct detection example = {
    .x1 = 10, .y1 = 20, .x2 = 30, .y2 = 60, .score = 0.8765, .class_index = 7};

static void check(const char *label_template, bool hide_score, const char *wanted)
{
    struct bytes text = {0};
    assert_int_equal(label_check(label_template, NULL), BSR_OK);
    assert_int_equal(label_write(&text, label_template, &example, "truck", 2, hide_score, NULL), BSR_OK);
    assert_string_equal(bytes_text(&text), wanted);
    bytes_free(&text);
}

static void test_placeholders_are_filled_in(void **state)
{
    (void)state;
    check("{name} {score}", false, "truck 0.88");
    check("{name} {score}", true, "truck");
    check("{index}: {class}={percent}%", false, "3: 7=88%");
    check("{{{name}}}", false, "{truck}");
    check("", false, "");
    check("plain", false, "plain");
}

static void test_an_unknown_placeholder_is_refused_by_name(void **state)
{
    (void)state;
    struct bsr_error err;
    assert_int_equal(label_check("{name} {scroe}", &err), BSR_EUSAGE);
    assert_string_equal(err.message, "'{scroe}' begins no placeholder");
    assert_int_equal(label_check("{", &err), BSR_EUSAGE);
}

static void test_yolo_labels_are_parts_of_the_sides(void **state)
{
    (void)state;
    struct detections found = {.items = &example, .count = 1};
    struct bytes      text = {0};
    assert_int_equal(record_yolo_labels(&text, &found, 100, 200, false, NULL), BSR_OK);
    assert_string_equal(bytes_text(&text), "7 0.200000 0.200000 0.200000 0.200000\n");
    bytes_clear(&text);
    assert_int_equal(record_yolo_labels(&text, &found, 100, 200, true, NULL), BSR_OK);
    assert_string_equal(bytes_text(&text), "7 0.200000 0.200000 0.200000 0.200000 0.876500\n");
    bytes_free(&text);
}

static void test_a_failed_input_has_its_error_in_the_record(void **state)
{
    (void)state;
    struct record_head head = {.source = "b\xFFroken.jpg", .model = "cards", .task = "detect"};
    struct bsr_error   failure;
    struct bytes       text = {0};
    bsr_fail(&failure, BSR_EDECODE, "broken.jpg", "truncated at byte %d of %d", 5, 10);
    assert_int_equal(record_failure(&text, &head, &failure, NULL), BSR_OK);
    assert_string_equal(bytes_text(&text),
                        "{\"source\":\"b\xEF\xBF\xBDroken.jpg\",\"model\":\"cards\",\"task\":\"detect\","
                        "\"error\":{\"code\":\"decode\",\"message\":\"truncated at byte 5 of 10\"}}\n");
    bytes_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_placeholders_are_filled_in),
        cmocka_unit_test(test_an_unknown_placeholder_is_refused_by_name),
        cmocka_unit_test(test_yolo_labels_are_parts_of_the_sides),
        cmocka_unit_test(test_a_failed_input_has_its_error_in_the_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
