#include "canvas.h"
#include "media/font_set.h"

#include <stdio.h>
#include <stdlib.h>

static char folder[] = "/tmp/besra-no-font-XXXXXX";
static char config[64];

/* A fontconfig that knows no folder with fonts. */
static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(config, sizeof config, "%s/fonts.conf", folder);
    FILE *file = fopen(config, "w");
    if (!file)
        return -1;
    fprintf(file, "<fontconfig><dir>%s</dir><cachedir>%s/cache</cachedir></fontconfig>\n", folder, folder);
    return fclose(file) || setenv("FONTCONFIG_FILE", config, 1) ? -1 : 0;
}

static int tear_down(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command); /* NOLINT(cert-env33-c,bugprone-command-processor): a folder that we made */
}

static const char *const nowhere[] = {"/nonexistent/DejaVuSans.ttf", "/dev/null", NULL};

static bool fontconfig_was_started(void)
{
    char cache[96];
    snprintf(cache, sizeof cache, "%s/cache", folder);
    return access(cache, F_OK) == 0; /* it makes this folder when it reads its configuration */
}

/* First of all: what is a known font is opened without fontconfig, and so is what it has. */
static void test_known_font_needs_no_fontconfig(void **state)
{
    static const uint32_t letters[] = {'A', 0x416, 0x3B1, 0x5D0, 0x642};
    struct font_set      *fonts;
    (void)state;
    NEEDS_DEJAVU();
    assert_int_equal(font_set_create(&fonts, NULL, NULL), BSR_OK);
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        assert_int_equal(font_set_find(fonts, &letters[i], 1, 0), 0);
    assert_false(fontconfig_was_started());

    static const uint32_t ideograph = 0x5FC3; /* nobody has it: the first font's box */
    assert_int_equal(font_set_find(fonts, &ideograph, 1, 0), 0);
    assert_true(fontconfig_was_started());
    font_set_destroy(fonts);
}

static void test_no_font_at_all_is_a_failure_with_a_hint(void **state)
{
    struct font_set *fonts = NULL;
    struct bsr_error err;
    (void)state;
    assert_int_equal(font_set_create(&fonts, nowhere, &err), BSR_EMISSING);
    assert_null(fonts);
    assert_non_null(strstr(err.message, "no font"));
    assert_non_null(strstr(err.hint, "fonts-dejavu-core"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_font_needs_no_fontconfig),
        cmocka_unit_test(test_no_font_at_all_is_a_failure_with_a_hint),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
