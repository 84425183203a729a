#include "app/window/theme.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct colour grey(uint8_t value)
{
    return (struct colour){value, value, value, 255};
}

/* The standard's own examples: 21 of black and white; #767676 is the lightest grey that reads on white
 * (4.54). */
static void test_contrast_is_that_of_wcag(void **state)
{
    (void)state;
    assert_true(fabs(colour_contrast(grey(0), grey(255)) - 21) < 1e-9);
    assert_true(fabs(colour_contrast(grey(255), grey(0x76)) - 4.54) < 0.005);
    assert_true(fabs(colour_contrast(grey(9), grey(9)) - 1) < 1e-12);
}

static void reads(struct colour text, struct colour on, double least)
{
    double contrast = colour_contrast(text, on);
    if (contrast < least)
        fail_msg("#%02x%02x%02x on #%02x%02x%02x: %.2f, %.1f is needed", text.r, text.g, text.b, on.r, on.g,
                 on.b, contrast, least);
}

static void test_text_and_controls_of_both_themes_read_on_what_they_stand_on(void **state)
{
    (void)state;
    for (int kind = THEME_DARK; kind <= THEME_LIGHT; kind++) {
        const struct theme *t = theme_of((enum theme_kind)kind);
        const struct colour grounds[] = {t->stage, t->panel, t->raised, t->hover, t->held};
        for (size_t i = 0; i < sizeof grounds / sizeof *grounds; i++) {
            reads(t->text, grounds[i], 7);
            reads(t->quiet, grounds[i], 4.5);
            reads(t->accent, grounds[i], 3);
            reads(t->edge, grounds[i], 3);
        }
        reads(t->on_accent, t->accent, 4.5);
        reads(t->good, t->panel, 4.5);
        reads(t->warning, t->panel, 4.5);
        reads(t->bad, t->panel, 4.5);
        reads(t->bad, t->stage, 4.5);
        reads(t->panel, t->text, 7); /* tooltips are the other way round */
    }
}

static void test_labels_read_on_every_class_colour(void **state)
{
    (void)state;
    for (int i = 0; i < 80; i++)
        reads(colour_text_on(colour_of_class(i)), colour_of_class(i), 4.5);
}

static void test_fading_keeps_the_colour(void **state)
{
    (void)state;
    struct colour faded = colour_faded((struct colour){1, 2, 3, 200}, 0.5);
    assert_int_equal(faded.a, 100);
    assert_int_equal(faded.g, 2);
    assert_int_equal(colour_faded(faded, 7).a, 100);
    assert_int_equal(colour_faded(faded, -1).a, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contrast_is_that_of_wcag),
        cmocka_unit_test(test_text_and_controls_of_both_themes_read_on_what_they_stand_on),
        cmocka_unit_test(test_labels_read_on_every_class_colour),
        cmocka_unit_test(test_fading_keeps_the_colour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
