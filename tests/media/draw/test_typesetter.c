#include "canvas.h"
#include "media/glyph_cache.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

static const struct draw_colour black = {.b = 0, .g = 0, .r = 0};

/* Sums of advances in font units (2048 to the em), from
 *     hb-shape --no-glyph-names --no-clusters --font-funcs=ot DejaVuSans.ttf TEXT
 * (HarfBuzz 6.0.0, DejaVu Sans 2.37), which for "AVATAR To" says
 *     [36+1270|57+1270|36+1242|55+1092|36+1401|53+1423|3+651|55+903|82+1253]: kerning is in. */
static const struct {
    const char *text;
    int         units;
} widths[] = {
    {"person 0.87", 1300 + 1260 + 842 + 1067 + 1253 + 1298 + 651 + 1303 + 651 + 1303 + 1303},
    {"AVATAR To", 1270 + 1270 + 1242 + 1092 + 1401 + 1423 + 651 + 903 + 1253},
    {"office ffl", 1253 + 1980 + 1126 + 1260 + 651 + 1980}, /* ligatures */
    {"\xD0\xA1\xD0\xBE\xD0\xB1\xD0\xB0\xD0\xBA\xD0\xB0", 1430 + 1253 + 1263 + 1255 + 1237 + 1255}, /* dog */
    {"\xCE\x93\xCE\xAC\xCF\x84\xCE\xB1", 1141 + 1350 + 1233 + 1350}, /* cat, Greek */
    {"\xC3\xA9", 1260},
    {"e\xCC\x81", 1260},                                            /* the same of two characters */
    {"\xD9\x82\xD8\xB7\xD8\xA9", 1098 + 1680 + 979},                /* cat, Arabic: joined forms */
    {"\xD7\x97\xD7\xAA\xD7\x95\xD7\x9C", 1164 + 558 + 1346 + 1338}, /* cat, Hebrew */
    {"", 0},
};

static struct typesetter *opened(void)
{
    struct typesetter *typesetter = NULL;
    assert_int_equal(typesetter_open(&typesetter, NULL), BSR_OK);
    return typesetter;
}

static int width_of(struct typesetter *typesetter, const char *text, int size)
{
    struct text_extent extent;
    assert_int_equal(typesetter_measure(typesetter, text, size, &extent, NULL), BSR_OK);
    return extent.width;
}

static void test_text_width_is_the_sum_of_the_fonts_advances(void **state)
{
    static const int sizes[] = {8, 12, 16, 33, 100, 1000};
    (void)state;
    NEEDS_DEJAVU();
    struct typesetter *typesetter = opened();
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            double exact = (double)widths[i].units * sizes[k] / 2048;
            int    width = width_of(typesetter, widths[i].text, sizes[k]);
            /* Each of 12 advances is rounded to 1/64 pixel, then the sum upwards to a whole one. */
            assert_true(width > exact - 12.0 / 128 && width < exact + 1 + 12.0 / 128);
        }
    typesetter_close(typesetter);
}

static void test_text_height_is_the_fonts_line(void **state)
{
    (void)state;
    NEEDS_DEJAVU();
    struct typesetter *typesetter = opened();
    struct text_extent extent;
    assert_int_equal(typesetter_measure(typesetter, "person", 100, &extent, NULL), BSR_OK);
    assert_int_equal(extent.ascent, 93);  /* hhea: ascender 1901 of 2048, */
    assert_int_equal(extent.descent, 24); /* descender -483 */

    /* Marks piled up make a line higher, but not without end. */
    char piled[200] = "Z";
    for (size_t i = 0; i < 90; i++)
        memcpy(piled + 1 + 2 * i, "\xCC\x8A", 3);
    assert_int_equal(typesetter_measure(typesetter, piled, 100, &extent, NULL), BSR_OK);
    assert_in_range(extent.ascent, 94, 150);
    typesetter_close(typesetter);
}

static void test_text_is_drawn_inside_its_measured_place(void **state)
{
    static const char *const texts[] = {"person 0.87", "Agjpqy|", "\xD9\x82\xD8\xB7\xD8\xA9 12%",
                                        "e\xCC\x81 a\xCC\x8A\xCC\xA3", "\xE2\x99\xA5 \xE5\xBF\x83"};
    (void)state;
    struct typesetter *typesetter = opened();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (int size = 9; size < 60; size += 10) {
            struct bsr_image   image = canvas_make(700, 200, 255);
            struct text_extent extent;
            assert_int_equal(typesetter_measure(typesetter, texts[i], size, &extent, NULL), BSR_OK);
            assert_int_equal(typesetter_draw(typesetter, &image, 50, 100, texts[i], size, black, NULL),
                             BSR_OK);
            struct canvas_change change = canvas_changed(&image, 255);
            assert_true(change.pixels > 0);
            int overhang = 1 + size / 8; /* ink may lean out of its advance */
            assert_true(change.x1 >= 50 - overhang && change.x2 <= 50 + extent.width + overhang);
            assert_true(change.y1 >= 100 - extent.ascent - 1 && change.y2 <= 100 + extent.descent + 1);
            image_free(&image);
        }
    typesetter_close(typesetter);
}

/* Width in pixels of the first and the last group of neighbouring columns with ink. */
static void outer_groups(const struct bsr_image *image, int *first, int *last)
{
    int width = 0, groups = 0;
    for (int x = 0; x < image->width; x++) {
        bool ink = false;
        for (int y = 0; y < image->height; y++)
            ink = ink || canvas_pixel(image, x, y).g < 128;
        if (!ink) {
            width = 0;
            continue;
        }
        groups += width++ == 0;
        *last = width;
        if (groups == 1)
            *first = width;
    }
    assert_int_equal(groups, 2);
}

static void test_text_right_to_left_begins_at_the_right(void **state)
{
    static const struct {
        const char *text;
        bool        first_is_wider; /* of the leftmost and the rightmost letter */
    } cases[] = {
        {"mi", true},                /* m, i */
        {"\xD7\xA9\xD7\x99", false}, /* shin (wide) is spoken first, yod (narrow) stands left of it */
        {"\xD7\x99\xD7\xA9", true},
    };
    (void)state;
    NEEDS_DEJAVU();
    struct typesetter *typesetter = opened();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bsr_image image = canvas_make(200, 100, 255);
        int              first = 0, last = 0;
        assert_int_equal(typesetter_draw(typesetter, &image, 20, 70, cases[i].text, 60, black, NULL), BSR_OK);
        outer_groups(&image, &first, &last);
        assert_int_equal(first > last, cases[i].first_is_wider);
        image_free(&image);
    }
    typesetter_close(typesetter);
}

/* Whether two texts look the same to the last pixel. */
static bool look_alike(struct typesetter *typesetter, const char *a, const char *b)
{
    struct bsr_image first = canvas_make(300, 60, 255), second = canvas_make(300, 60, 255);
    assert_int_equal(typesetter_draw(typesetter, &first, 10, 40, a, 24, black, NULL), BSR_OK);
    assert_int_equal(typesetter_draw(typesetter, &second, 10, 40, b, 24, black, NULL), BSR_OK);
    bool alike = memcmp(first.data, second.data, first.stride * 60) == 0;
    image_free(&first);
    image_free(&second);
    return alike;
}

static void test_text_that_means_the_same_looks_the_same(void **state)
{
    (void)state;
    struct typesetter *typesetter = opened();
    assert_true(look_alike(typesetter, "caf\xC3\xA9", "cafe\xCC\x81"));
    assert_true(look_alike(typesetter,
                           "a\xFF"
                           "b",
                           "a\xEF\xBF\xBD"
                           "b"));
    assert_true(look_alike(typesetter, "a\nb", "a b"));
    assert_false(look_alike(typesetter, "a", "b"));
    assert_true(look_alike(typesetter, "a", "a")); /* from the cache */
    typesetter_close(typesetter);
}

/* Devanagari, Thai, emoji, an unassigned character, a private one, a lone mark: a font or boxes, no failure.
 */
static void test_text_in_any_script_shows_something(void **state)
{
    static const char *const texts[] = {
        "\xE0\xA4\xAC\xE0\xA4\xBF\xE0\xA4\xB2\xE0\xA5\x8D\xE0\xA4\xB2\xE0\xA5\x80",
        "\xE0\xB9\x81\xE0\xB8\xA1\xE0\xB8\xA7",
        "\xE7\xBA\xA2\xE5\xBF\x83",
        "\xE3\x83\x8F\xE3\x83\xBC\xE3\x83\x88",
        "\xED\x95\x98\xED\x8A\xB8",
        "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7",
        "\xCD\xB8",
        "\xEF\xA3\xBF",
        "\xCC\x81",
        "\xF4\x8F\xBF\xBF",
        "\xEF\xB8\x8F!",
    };
    (void)state;
    struct typesetter *typesetter = opened();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct bsr_image image = canvas_make(300, 60, 0);
        assert_int_equal(typesetter_draw(typesetter, &image, 20, 40, texts[i], 24,
                                         (struct draw_colour){255, 255, 255}, NULL),
                         BSR_OK);
        assert_true(canvas_changed(&image, 0).pixels > 10);
        image_free(&image);
    }
    typesetter_close(typesetter);
}

static void test_text_falls_back_to_a_font_that_has_the_characters(void **state)
{
    static const uint32_t heart = 0x5FC3;
    struct font_set      *fonts;
    (void)state;
    NEEDS_DEJAVU();
    assert_int_equal(font_set_create(&fonts, NULL, NULL), BSR_OK);
    int found = font_set_find(fonts, &heart, 1, 0);
    font_set_destroy(fonts);
    if (found == 0) {
        print_message("skipped: no installed font has U+5FC3 (fonts-noto-cjk)\n");
        skip();
    }
    struct typesetter *typesetter = opened();
    assert_int_equal(width_of(typesetter, "\xE5\xBF\x83\xE5\xBF\x83", 40), 80); /* ideographs: one em each */
    /* Digits behind them are the first font's again: 1303 of 2048 each. */
    assert_in_range(width_of(typesetter,
                             "\xE5\xBF\x83"
                             "00",
                             1000),
                    2270, 2274);
    typesetter_close(typesetter);
}

static void test_text_is_clipped_wherever_it_is(void **state)
{
    static const int places[][2] = {{INT_MIN, INT_MIN}, {INT_MAX, INT_MAX}, {INT_MAX, 10}, {10, INT_MIN},
                                    {-200, 10},         {30, 10},           {5, -40},      {5, 200}};
    (void)state;
    struct typesetter *typesetter = opened();
    struct bsr_image   image = canvas_make(30, 20, 9);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        assert_int_equal(
            typesetter_draw(typesetter, &image, places[i][0], places[i][1], "person", 24, black, NULL),
            BSR_OK);
    assert_int_equal(canvas_changed(&image, 9).pixels, 0);
    for (int y = -10; y < 40; y += 3) /* half in, half out: for ASan */
        for (int x = -90; x < 40; x += 7)
            assert_int_equal(typesetter_draw(typesetter, &image, x, y, "person", 24, black, NULL), BSR_OK);
    image_free(&image);
    typesetter_close(typesetter);
}

static void test_text_refuses_impossible_sizes_and_pictures(void **state)
{
    static const int sizes[] = {INT_MIN, -1, 0, FONT_MAX_SIZE + 1, INT_MAX};
    (void)state;
    struct typesetter *typesetter = opened();
    struct bsr_error   err;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct text_extent extent = {.width = -7};
        assert_int_equal(typesetter_measure(typesetter, "a", sizes[i], &extent, &err), BSR_ERANGE);
        assert_int_equal(extent.width, -7);
        assert_non_null(strstr(err.message, "1000"));
    }
    struct bsr_image grey;
    assert_int_equal(image_alloc(&grey, 9, 9, 1, 8, NULL), BSR_OK);
    assert_int_equal(typesetter_draw(typesetter, &grey, 0, 8, "a", 9, black, &err), BSR_ERANGE);
    image_free(&grey);
    typesetter_close(typesetter);
}

static void test_text_without_end_is_cut(void **state)
{
    (void)state;
    struct typesetter *typesetter = opened();
    size_t             size = 1 << 20;
    char              *text = mem_alloc(size);
    assert_non_null(text);
    memset(text, 'i', size - 1);
    text[size - 1] = '\0';
    int each = width_of(typesetter, "i", 16), width = width_of(typesetter, text, 16);
    assert_true(width <= 1024 * each && width > 1024 * (each - 1)); /* TEXT_MAX of them */
    mem_free(text);
    typesetter_close(typesetter);
}

/* Thousands of glyphs in many sizes: the cache stays small, and what it gives is what was rendered. */
static void test_glyph_cache_is_bounded_and_true(void **state)
{
    struct font_set *fonts;
    (void)state;
    assert_int_equal(font_set_create(&fonts, NULL, NULL), BSR_OK);
    struct glyph_cache *cache = glyph_cache_create();
    assert_non_null(cache);
    for (int round = 0; round < 6000; round++) {
        uint32_t            glyph = 36 + (uint32_t)round % 50;
        int                 size = round % 97 == 0 ? 600 : 8 + round / 50 % 60;
        int                 phase = round % 4;
        struct glyph_bitmap kept, fresh;
        assert_int_equal(glyph_cache_get(cache, fonts, 0, glyph, size, phase, &kept), BSR_OK);
        assert_true(glyph_cache_bytes(cache) <= GLYPH_CACHE_BYTES);
        assert_true(glyph_cache_count(cache) <= GLYPH_CACHE_COUNT);
        if (round % 10)
            continue;
        assert_int_equal(font_set_render(fonts, 0, glyph, size, phase, &fresh), BSR_OK);
        assert_true(kept.width == fresh.width && kept.height == fresh.height && kept.left == fresh.left &&
                    kept.top == fresh.top);
        for (int y = 0; y < kept.height; y++)
            assert_memory_equal(kept.pixels + (ptrdiff_t)y * kept.stride,
                                fresh.pixels + (ptrdiff_t)y * fresh.stride, (size_t)kept.width);
    }
    glyph_cache_destroy(cache);
    font_set_destroy(fonts);
}

static bsr_status draw_once(struct bsr_error *err)
{
    struct typesetter *typesetter;
    struct bsr_image   image;
    bsr_status         status = typesetter_open(&typesetter, err);
    if (status != BSR_OK)
        return status;
    status = image_alloc(&image, 60, 30, 3, 8, err);
    if (status == BSR_OK) {
        memset(image.data, 0, image.stride * 30);
        status = typesetter_draw(typesetter, &image, 2, 20, "a\xE5\xBF\x83 \xD9\x82", 14, black, err);
        image_free(&image);
    }
    typesetter_close(typesetter);
    return status;
}

static void test_text_survives_each_failing_allocation(void **state)
{
    (void)state;
    struct typesetter *other = opened(); /* keeps fontconfig's configuration loaded: faster */
    width_of(other, "\xE5\xBF\x83", 14);
    mem_fail_from(0);
    assert_int_equal(draw_once(NULL), BSR_OK);
    size_t asked = mem_fail_from(0);
    /* FreeType asks for hundreds of small blocks: each of the first ones, then a sample. */
    for (size_t n = 1; n <= asked; n += n < 100 ? 1 : 1 + asked / 200) {
        struct bsr_error err = {0};
        mem_fail_from(n);
        bsr_status status = draw_once(&err);
        mem_fail_from(0);
        assert_int_equal(status, BSR_ENOMEM);
        assert_true(err.message[0] != '\0');
    }
    typesetter_close(other);
}

/* Cover that is mixed as displays do, on white or a dark grey, is what typesetter_draw() draws there: within
 * the two steps that two roundings make, and where glyphs touch, whose inks don't add up. */
static void test_cover_mixed_by_a_display_is_the_drawn_text(void **state)
{
    static const struct draw_colour white = {255, 255, 255};
    static const char               text[] = "Aq\xC3\xA9 0.87 \xD7\x97\xD7\xAA";
    (void)state;
    struct typesetter *typesetter = opened();
    for (int dark = 0; dark < 2; dark++) {
        struct bsr_image drawn = canvas_make(200, 50, dark ? 255 : 76), cover;
        assert_int_equal(image_alloc(&cover, 200, 50, 1, 8, NULL), BSR_OK);
        memset(cover.data, 0, cover.stride * 50);
        assert_int_equal(typesetter_draw(typesetter, &drawn, 10, 35, text, 24, dark ? black : white, NULL),
                         BSR_OK);
        assert_int_equal(typesetter_cover(typesetter, &cover, 10, 35, text, 24, dark, NULL), BSR_OK);
        size_t ink = 0, off = 0;
        for (int y = 0; y < 50; y++)
            for (int x = 0; x < 200; x++) {
                int value = image_row(&cover, y)[x], is = canvas_pixel(&drawn, x, y).g;
                ink += value > 0;
                off += abs((dark ? 255 - value : 76 + value * 179 / 255) - is) > 2;
            }
        assert_true(ink > 500);
        assert_true(off * 100 <= ink);
        image_free(&drawn);
        image_free(&cover);
    }
    struct bsr_image colours = canvas_make(20, 20, 0);
    struct bsr_error err;
    assert_int_equal(typesetter_cover(typesetter, &colours, 0, 10, "a", 12, true, &err), BSR_ERANGE);
    image_free(&colours);
    typesetter_close(typesetter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_width_is_the_sum_of_the_fonts_advances),
        cmocka_unit_test(test_text_height_is_the_fonts_line),
        cmocka_unit_test(test_text_is_drawn_inside_its_measured_place),
        cmocka_unit_test(test_text_right_to_left_begins_at_the_right),
        cmocka_unit_test(test_text_that_means_the_same_looks_the_same),
        cmocka_unit_test(test_text_in_any_script_shows_something),
        cmocka_unit_test(test_text_falls_back_to_a_font_that_has_the_characters),
        cmocka_unit_test(test_cover_mixed_by_a_display_is_the_drawn_text),
        cmocka_unit_test(test_text_is_clipped_wherever_it_is),
        cmocka_unit_test(test_text_refuses_impossible_sizes_and_pictures),
        cmocka_unit_test(test_text_without_end_is_cut),
        cmocka_unit_test(test_glyph_cache_is_bounded_and_true),
        cmocka_unit_test(test_text_survives_each_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
