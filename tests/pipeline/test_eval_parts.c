/* What evaluations are made of beside their metrics: small pictures, and drawings. */
#include "base/alloc.h"
#include "pipeline/eval_shrink.h"
#include "pipeline/plot.h"
#include "pipeline/svg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
/* after its prerequisites */
#include <cmocka.h>

enum { SIDE = 12, FACTOR = 3 };

static void expect_part(const struct bytes *text, const char *part)
{
    if (!strstr(bytes_text(text), part))
        fail_msg("\"%s\" is not in:\n%s", part, bytes_text(text));
}

/* ---- small pictures ----------------------------------------------------------------------- */

/* Luma 89 is a third of the way from black (16) to white (235): 21845 of 65535. */
static void test_flat_luma_becomes_flat_grey(void **state)
{
    (void)state;
    uint8_t          truth[SIDE * SIDE], matlab[SIDE * SIDE];
    struct bsr_image small = {0};
    memset(truth, 89, sizeof truth);
    assert_int_equal(eval_shrink_luma(&small, matlab, truth, SIDE, SIDE, FACTOR, NULL), BSR_OK);
    assert_int_equal(small.width, SIDE / FACTOR);
    assert_int_equal(small.height, SIDE / FACTOR);
    assert_int_equal(small.channels, 1);
    for (int x = 0; x < small.width; x++)
        assert_int_equal(((const uint16_t *)(const void *)image_row(&small, 1))[x], 21845);
    assert_memory_equal(matlab, truth, sizeof truth);
    image_free(&small);
}

static void test_flat_colours_stay(void **state)
{
    (void)state;
    uint8_t          bgr[SIDE * SIDE * 3], matlab[SIDE * SIDE];
    struct bsr_image truth = {bgr, sizeof bgr / SIDE, SIDE, SIDE, 3, 8}, small = {0};
    memset(bgr, 255, sizeof bgr);
    assert_int_equal(eval_shrink_picture(&small, matlab, &truth, FACTOR, NULL), BSR_OK);
    assert_int_equal(small.channels, 3);
    for (int i = 0; i < small.width * 3; i++)
        assert_int_equal(image_row(&small, 0)[i], 255);
    assert_int_equal(matlab[SIDE], 235);
    image_free(&small);
}

static void test_shrinking_without_memory_leaks_nothing(void **state)
{
    (void)state;
    uint8_t          bgr[SIDE * SIDE * 3] = {0}, matlab[SIDE * SIDE];
    struct bsr_image truth = {bgr, sizeof bgr / SIDE, SIDE, SIDE, 3, 8};
    for (int luma = 0; luma < 2; luma++) {
        bsr_status status = BSR_ENOMEM;
        for (size_t n = 1; status != BSR_OK; n++) {
            struct bsr_image small = {0};
            assert_true(n < 200);
            mem_fail_from(n);
            status = luma ? eval_shrink_luma(&small, matlab, bgr, SIDE, SIDE, FACTOR, NULL)
                          : eval_shrink_picture(&small, matlab, &truth, FACTOR, NULL);
            mem_fail_from(0);
            if (status != BSR_OK) {
                assert_int_equal(status, BSR_ENOMEM);
                assert_null(small.data);
            }
            image_free(&small);
        }
    }
}

/* ---- drawings ----------------------------------------------------------------------------- */

static const char *name_of(const void *context, int class_index, char space[32])
{
    if (context)
        return context;
    snprintf(space, 32, "class %d", class_index);
    return space;
}

static void test_texts_are_escaped(void **state)
{
    (void)state;
    struct bytes out = {0};
    svg_escape(&out, "a<b>&\"c\"\n\x80 \xC3\xA9");
    assert_string_equal(bytes_text(&out), "a&lt;b&gt;&amp;&quot;c&quot;?\xEF\xBF\xBD \xC3\xA9");
    bytes_free(&out);
}

static void test_a_matrix_shows_what_occurs(void **state)
{
    (void)state;
    const uint32_t counts[16] = {5, 1, 0, 2, 0, 0, 0, 0,
                                 0, 0, 3, 0, 0, 0, 1, 0}; /* nothing of class 1 but a mistake */
    struct bytes   out = {0};
    assert_int_equal(plot_confusion(&out, counts, 4, true, name_of, NULL, NULL), BSR_OK);
    expect_part(&out, "<title>class 0 as class 0: 5 of 8</title>");
    expect_part(&out, "<title>class 0 as class 1: 1 of 8</title>");
    expect_part(&out, "<title>class 0 as (nothing): 2 of 8</title>");
    expect_part(&out, "<title>(nothing) as class 2: 1 of 1</title>");
    assert_null(strstr(bytes_text(&out), "only classes with the most truths"));
    assert_string_equal(bytes_text(&out) + out.size - 7, "</svg>\n");
    bytes_free(&out);
    assert_int_equal(
        plot_confusion(&out, counts, 4, true, name_of, "<a> & a name longer than there is room for", NULL),
        BSR_OK);
    expect_part(&out, "&lt;a&gt; &amp; a name longer");
    bytes_free(&out);
}

static void test_of_many_classes_those_with_most_truths_are_shown(void **state)
{
    (void)state;
    enum { MANY = PLOT_MATRIX_MOST + 5 };
    static uint32_t counts[MANY * MANY];
    struct bytes    out = {0};
    for (int k = 0; k < MANY; k++)
        counts[k * MANY + k] = 1 + (uint32_t)k;
    assert_int_equal(plot_confusion(&out, counts, MANY, false, name_of, NULL, NULL), BSR_OK);
    expect_part(&out, "only classes with the most truths");
    expect_part(&out, ">class 5<");
    assert_null(strstr(bytes_text(&out), ">class 4<"));
    bytes_free(&out);
}

static void test_curves_name_the_largest_classes(void **state)
{
    (void)state;
    enum { CLASSES = 15 };
    static struct ap_score scores[CLASSES];
    static struct ap_curve curves[CLASSES]; /* all 0 */
    struct eval_detection  result = {.classes = CLASSES, .per_class = scores, .curves = curves};
    struct bytes           out = {0};
    for (int k = 1; k < CLASSES; k++) /* class 0 has no truth */
        scores[k] = (struct ap_score){.truths = (size_t)k, .ap50 = k / 100.0};
    plot_precision_recall(&out, &result, name_of, NULL);
    assert_false(out.failed);
    expect_part(&out, ">class 14 0.140<");
    expect_part(&out, ">class 3 0.030<");
    assert_null(strstr(bytes_text(&out), ">class 2 "));
    expect_part(&out, ">and 2 more classes<");
    bytes_free(&out);
}

static void test_drawing_without_memory_leaks_nothing(void **state)
{
    (void)state;
    const uint32_t counts[4] = {1, 2, 3, 4};
    bsr_status     status = BSR_ENOMEM;
    for (size_t n = 1; status != BSR_OK; n++) {
        struct bytes out = {0};
        assert_true(n < 1000);
        mem_fail_from(n);
        status = plot_confusion(&out, counts, 2, false, name_of, NULL, NULL);
        mem_fail_from(0);
        if (status != BSR_OK)
            assert_int_equal(status, BSR_ENOMEM);
        bytes_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flat_luma_becomes_flat_grey),
        cmocka_unit_test(test_flat_colours_stay),
        cmocka_unit_test(test_shrinking_without_memory_leaks_nothing),
        cmocka_unit_test(test_texts_are_escaped),
        cmocka_unit_test(test_a_matrix_shows_what_occurs),
        cmocka_unit_test(test_of_many_classes_those_with_most_truths_are_shown),
        cmocka_unit_test(test_curves_name_the_largest_classes),
        cmocka_unit_test(test_drawing_without_memory_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
