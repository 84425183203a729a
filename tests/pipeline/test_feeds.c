/* What a model's inputs are fed with: files by name or in order, pictures laid in, random numbers by a seed.
 */
#include "pipeline/feeds.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/npy.h"
#include "media/picture.h"
#include "onnx/tensor_file.h"
#include "tests/onnx/built.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/besra-feeds-XXXXXX";

static int enter(void **state)
{
    (void)state;
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave(void **state)
{
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1; /* NOLINT(cert-env33-c) */
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter, leave)

/* ---- models and files -------------------------------------------------------------------------- */

struct input {
    const char *name;
    int         type, dims;
    int64_t     shape[4]; /* -1: open */
};

/* A model that passes each of its inputs on. */
static struct onnx_model *model_of(const struct input *inputs, int count)
{
    struct bsr_build *build = NULL;
    struct bsr_error  err;

    assert_int_equal(bsr_build_open(&build, "feeds", 0, &err), BSR_OK);
    for (int i = 0; i < count; i++) {
        const char *x =
            bsr_build_input(build, inputs[i].name, inputs[i].type, inputs[i].dims, inputs[i].shape);
        bsr_build_output(build, bsr_build_node(build, "Identity", (const char *[]){x, NULL}, NULL), NULL);
    }
    return built(build);
}

static void write_bytes(const char *path, struct bytes *bytes)
{
    assert_int_equal(file_write(path, bytes->data, bytes->size, true, false, NULL), BSR_OK);
    bytes_free(bytes);
}

static void write_tensor(const char *path, int type, int dims, const int64_t *shape, double first)
{
    struct bsr_tensor tensor = {.type = type, .dims = dims};
    struct bytes      bytes = {0};

    for (int i = 0; i < dims; i++)
        tensor.shape[i] = shape[i];
    assert_int_equal(tensor_alloc(&tensor, NULL), BSR_OK);
    for (size_t i = 0; i < tensor_count(&tensor); i++)
        tensor_set(&tensor, i, first + (double)i);
    bsr_status status =
        strstr(path, ".pb") ? tensor_file_write(&tensor, "", &bytes, NULL) : npy_write(&tensor, &bytes, NULL);
    assert_int_equal(status, BSR_OK);
    write_bytes(path, &bytes);
    tensor_free(&tensor);
}

/* Blue 10, green 20, red 200 all over. */
static void write_picture(const char *path, int width, int height)
{
    struct picture picture = {0};
    struct bytes   bytes = {0};

    assert_int_equal(image_alloc(&picture.image, width, height, 3, 8, NULL), BSR_OK);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            memcpy(image_row(&picture.image, y) + 3 * (size_t)x, (const uint8_t[]){10, 20, 200}, 3);
    assert_int_equal(picture_encode(&bytes, &picture, picture_format_from_name("png"), 95, NULL), BSR_OK);
    write_bytes(path, &bytes);
    picture_free(&picture);
}

static void write_text(const char *path, const char *text)
{
    assert_int_equal(file_write(path, text, strlen(text), true, false, NULL), BSR_OK);
}

static double number(const struct feeds *feeds, const char *name, size_t index)
{
    const struct onnx_named *feed = feeds_find(feeds, name);
    assert_non_null(feed);
    assert_true(index < tensor_count(&feed->tensor));
    return tensor_get(&feed->tensor, index);
}

static void add_file(struct feeds *feeds, const struct onnx_model *model, const struct feeds *chosen,
                     const char *text)
{
    struct bsr_error err;
    if (feeds_add_file(feeds, model, chosen, text, &err) != BSR_OK)
        fail_msg("%s: %s", text, err.message);
}

static void expect_feed(const struct feeds *feeds, const char *name, int type, const char *shape)
{
    const struct onnx_named *feed = feeds_find(feeds, name);
    assert_non_null(feed);
    assert_string_equal(tensor_type_name(feed->tensor.type), tensor_type_name(type));
    assert_string_equal(tensor_shape_text(&feed->tensor).text, shape);
}

static const struct input three[] = {
    {"a", BSR_F32, 2, {2, 2}}, {"b", BSR_I64, 1, {3}}, {"c", BSR_U8, 1, {4}}};

/* ---- files -------------------------------------------------------------------------------------- */

static void test_files_go_to_their_name_or_to_the_next_input(void **state)
{
    (void)state;
    struct onnx_model *model = model_of(three, 3);
    struct feeds       feeds = {0};

    write_tensor("a.npy", BSR_F32, 2, (const int64_t[]){2, 2}, 10);
    write_tensor("b.pb", BSR_I64, 1, (const int64_t[]){3}, 20);
    write_tensor("c.npy", BSR_U8, 1, (const int64_t[]){4}, 30);
    add_file(&feeds, model, NULL, "b=b.pb");
    add_file(&feeds, model, NULL, "a.npy");
    add_file(&feeds, model, NULL, "c.npy");
    assert_int_equal(feeds.count, 3);
    expect_feed(&feeds, "a", BSR_F32, "2x2");
    expect_feed(&feeds, "b", BSR_I64, "3");
    expect_feed(&feeds, "c", BSR_U8, "4");
    assert_true(number(&feeds, "a", 3) == 13 && number(&feeds, "b", 0) == 20 && number(&feeds, "c", 1) == 31);
    assert_null(feeds_find(&feeds, "d"));
    assert_null(feeds_find(NULL, "a"));
    feeds_free(&feeds);
    assert_int_equal(feeds.count, 0);
    feeds_free(&feeds);
    onnx_model_free(model);
}

static void test_numbers_get_the_type_of_their_input(void **state)
{
    (void)state;
    struct onnx_model *model = model_of(three, 3);
    struct feeds       feeds = {0};

    write_tensor("x.npy", BSR_F64, 1, (const int64_t[]){4}, 0.75);
    write_tensor("y.npy", BSR_I32, 2, (const int64_t[]){2, 2}, -1);
    add_file(&feeds, model, NULL, "c=x.npy");
    add_file(&feeds, model, NULL, "a=y.npy");
    expect_feed(&feeds, "c", BSR_U8, "4");
    assert_true(number(&feeds, "c", 1) == 1); /* 1.75 */
    expect_feed(&feeds, "a", BSR_F32, "2x2");
    assert_true(number(&feeds, "a", 0) == -1);
    feeds_free(&feeds);
    onnx_model_free(model);
}

/* ---- pictures ------------------------------------------------------------------------------------ */

static void expect_colour(const struct feeds *feeds, const char *name, size_t plane, size_t at, double scale)
{
    static const double rgb[] = {200, 20, 10};
    for (size_t i = 0; i < 3; i++)
        assert_float_equal(number(feeds, name, i * plane + at), rgb[i] * scale, 1e-5);
}

static void test_pictures_are_letterboxed_rgb_from_0_to_1(void **state)
{
    (void)state;
    static const struct input inputs[] = {{"fixed", BSR_F32, 4, {1, 3, 8, 8}},
                                          {"open", BSR_F32, 4, {-1, 3, -1, -1}},
                                          {"half", BSR_F16, 4, {1, 3, 8, 8}}};
    struct onnx_model        *model = model_of(inputs, 3);
    struct feeds              feeds = {0};

    write_picture("wide.png", 8, 4);
    add_file(&feeds, model, NULL, "wide.png");
    expect_feed(&feeds, "fixed", BSR_F32, "1x3x8x8");
    expect_colour(&feeds, "fixed", 64, 3 * 8 + 4, 1 / 255.0);
    assert_float_equal(number(&feeds, "fixed", 0), 114 / 255.0, 1e-6); /* above it: grey */
    assert_float_equal(number(&feeds, "fixed", 63), 114 / 255.0, 1e-6);
    add_file(&feeds, model, NULL, "wide.png"); /* an open side is the picture's, up to the next 32 */
    expect_feed(&feeds, "open", BSR_F32, "1x3x32x32");
    add_file(&feeds, model, NULL, "wide.png");
    expect_feed(&feeds, "half", BSR_F16, "1x3x8x8");
    assert_float_equal(number(&feeds, "half", 3 * 8 + 4), 200 / 255.0, 1e-3);
    feeds_free(&feeds);
    onnx_model_free(model);
}

static void test_open_sides_are_as_chosen(void **state)
{
    (void)state;
    static const struct input inputs[] = {{"x", BSR_F32, 4, {-1, 3, -1, -1}}};
    struct onnx_model        *model = model_of(inputs, 1);
    struct onnx_named         items[] = {{"x", {.dims = 4, .shape = {1, 3, 16, 48}}}};
    struct feeds              feeds = {0}, chosen = {.items = items, .count = 1};

    write_picture("a.png", 48, 16);
    add_file(&feeds, model, &chosen, "a.png");
    expect_feed(&feeds, "x", BSR_F32, "1x3x16x48");
    expect_colour(&feeds, "x", (size_t)16 * 48, 0, 1 / 255.0);
    feeds_free(&feeds);
    onnx_model_free(model);
}

static void test_whole_numbers_see_0_to_255_and_one_channel_luma(void **state)
{
    (void)state;
    static const struct input inputs[] = {{"bytes", BSR_U8, 4, {1, 3, 4, 4}},
                                          {"luma", BSR_F32, 4, {1, 1, 4, 4}},
                                          {"grey", BSR_I32, 4, {1, 1, 4, 4}}};
    struct onnx_model        *model = model_of(inputs, 3);
    struct feeds              feeds = {0};
    double                    luma = 0.299 * 200 + 0.587 * 20 + 0.114 * 10; /* 72.68 */

    write_picture("a.png", 4, 4);
    for (int i = 0; i < 3; i++)
        add_file(&feeds, model, NULL, "a.png");
    expect_colour(&feeds, "bytes", 16, 5, 1);
    expect_feed(&feeds, "luma", BSR_F32, "1x1x4x4");
    assert_float_equal(number(&feeds, "luma", 5), luma / 255, 1e-5);
    assert_true(number(&feeds, "grey", 5) == 73);
    feeds_free(&feeds);
    onnx_model_free(model);
}

/* ---- refusals ------------------------------------------------------------------------------------- */

static void test_what_does_not_fit_is_refused_and_the_feeds_stay(void **state)
{
    (void)state;
    static const struct {
        bsr_status  status;
        const char *text, *message;
    } rows[] = {
        {BSR_EUSAGE, "d=a.npy", "the model has no input 'd'; did you mean '"},
        {BSR_EUSAGE, "=a.npy", "the model has no input ''"},
        {BSR_EUSAGE, "a=a.npy", "the input 'a' is fed already"},
        {BSR_EUSAGE, "b=a.png", "a picture can't be laid into the input 'b' of 3"},
        {BSR_EUSAGE, "huge=a.png", "a picture can't be laid into the input 'huge'"},
        {BSR_EUSAGE, "many=a.png", "a picture can't be laid into the input 'many'"},
        {BSR_EMISSING, "b=none.npy", "no such file"},
        {BSR_EMISSING, "b=none.pb", "no such file"},
        {BSR_EMISSING, "picture=none.png", "no such file"},
        {BSR_EFORMAT, "b=text.npy", NULL},
        {BSR_EFORMAT, "b=text.pb", NULL},
        {BSR_EFORMAT, "picture=text.png", NULL},
        {BSR_EMISSING, "b=.", NULL},
    };
    static const struct input inputs[] = {{"a", BSR_F32, 2, {2, 2}},
                                          {"b", BSR_I64, 1, {3}},
                                          {"picture", BSR_F32, 4, {1, 3, 8, 8}},
                                          {"huge", BSR_F32, 4, {1, 3, 8, 70000}},
                                          {"many", BSR_F32, 4, {1, 5, 8, 8}}};
    struct onnx_model        *model = model_of(inputs, 5);
    struct feeds              feeds = {0};

    write_tensor("a.npy", BSR_F32, 2, (const int64_t[]){2, 2}, 10);
    write_picture("a.png", 4, 4);
    write_text("text.npy", "no numbers");
    write_text("text.pb", "no numbers");
    write_text("text.png", "no picture");
    add_file(&feeds, model, NULL, "a.npy");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bsr_error err = {0};
        bsr_status       status = feeds_add_file(&feeds, model, NULL, rows[i].text, &err);
        if (rows[i].message && (status != rows[i].status || !strstr(err.message, rows[i].message)))
            fail_msg("%s: %d: %s", rows[i].text, status, err.message);
        assert_int_not_equal(status, BSR_OK);
        assert_int_equal(feeds.count, 1);
    }
    feeds_free(&feeds);
    onnx_model_free(model);
}

static void test_more_files_than_inputs_are_refused(void **state)
{
    (void)state;
    struct onnx_model *model = model_of(three, 1);
    struct feeds       feeds = {0};
    struct bsr_error   err;

    write_tensor("a.npy", BSR_F32, 2, (const int64_t[]){2, 2}, 10);
    add_file(&feeds, model, NULL, "a.npy");
    assert_int_equal(feeds_add_file(&feeds, model, NULL, "a.npy", &err), BSR_EUSAGE);
    assert_string_equal(err.message, "all 1 inputs of the model have their files");
    feeds_free(&feeds);
    onnx_model_free(model);
}

/* ---- random numbers -------------------------------------------------------------------------------- */

static void test_random_numbers_follow_from_the_seed(void **state)
{
    (void)state;
    struct onnx_model *model = model_of(three, 3);
    struct feeds       one = {0}, same = {0}, other = {0};
    int                differing = 0;

    assert_int_equal(feeds_add_random(&one, model, NULL, 7, NULL), BSR_OK);
    assert_int_equal(feeds_add_random(&same, model, NULL, 7, NULL), BSR_OK);
    assert_int_equal(feeds_add_random(&other, model, NULL, 8, NULL), BSR_OK);
    assert_int_equal(one.count, 3);
    for (size_t i = 0; i < 4; i++) {
        double value = number(&one, "a", i);
        assert_true(value >= 0 && value < 1);
        assert_true(value == number(&same, "a", i));
        differing += value != number(&other, "a", i);
        double whole = number(&one, "c", i);
        assert_true(whole == 0 || whole == 1);
    }
    assert_true(differing == 4);
    /* splitmix64 of the state 7, its upper 24 bits: worked out in Python beside Steele, Lea, Flood's listing
     */
    assert_float_equal(number(&one, "a", 0), 0.38982969522476196, 0);
    assert_float_equal(number(&one, "a", 1), 0.016788244247436523, 0);
    feeds_free(&one);
    feeds_free(&same);
    feeds_free(&other);
    onnx_model_free(model);
}

static void test_what_is_fed_already_stays(void **state)
{
    (void)state;
    struct onnx_model *model = model_of(three, 3);
    struct feeds       feeds = {0};

    write_tensor("c.npy", BSR_U8, 1, (const int64_t[]){4}, 30);
    add_file(&feeds, model, NULL, "c=c.npy");
    assert_int_equal(feeds_add_random(&feeds, model, NULL, 1, NULL), BSR_OK);
    assert_int_equal(feeds.count, 3);
    assert_true(number(&feeds, "c", 0) == 30);
    feeds_free(&feeds);
    onnx_model_free(model);
}

static void test_open_sides_need_a_choice_but_the_batch(void **state)
{
    (void)state;
    static const struct input inputs[] = {{"batch", BSR_F32, 2, {-1, 3}}, {"open", BSR_F32, 2, {1, -1}}};
    struct onnx_model        *model = model_of(inputs, 2);
    struct onnx_named         items[] = {{"open", {.dims = 2, .shape = {1, 5}}}};
    struct feeds              feeds = {0}, chosen = {.items = items, .count = 1};
    struct bsr_error          err;

    assert_int_equal(feeds_add_random(&feeds, model, NULL, 1, &err), BSR_EUSAGE);
    assert_string_equal(err.subject, "open");
    assert_non_null(strstr(err.hint, "--shape open:"));
    feeds_free(&feeds);
    assert_int_equal(feeds_add_random(&feeds, model, &chosen, 1, &err), BSR_OK);
    expect_feed(&feeds, "batch", BSR_F32, "1x3");
    expect_feed(&feeds, "open", BSR_F32, "1x5");
    feeds_free(&feeds);
    onnx_model_free(model);
}

/* ---- memory ----------------------------------------------------------------------------------------- */

static bsr_status add_all(struct feeds *feeds, const struct onnx_model *model)
{
    static const char *const texts[] = {"a=a.npy", "c=c.pb", "picture=a.png"};
    struct bsr_error         err;
    bsr_status               status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < sizeof texts / sizeof *texts; i++)
        status = feeds_add_file(feeds, model, NULL, texts[i], &err);
    return status == BSR_OK ? feeds_add_random(feeds, model, NULL, 1, &err) : status;
}

static void test_no_memory_is_an_error_wherever_it_runs_out(void **state)
{
    (void)state;
    static const struct input inputs[] = {{"a", BSR_F16, 2, {2, 2}},
                                          {"b", BSR_I64, 1, {3}},
                                          {"c", BSR_U8, 1, {4}},
                                          {"picture", BSR_U8, 4, {1, 1, 8, 8}}};
    struct onnx_model        *model = model_of(inputs, 4);
    bsr_status                status = BSR_ENOMEM;
    size_t                    n = 1;

    write_tensor("a.npy", BSR_F32, 2, (const int64_t[]){2, 2}, 10);
    write_tensor("c.pb", BSR_U8, 1, (const int64_t[]){4}, 30);
    write_picture("a.png", 5, 3);
    for (; status != BSR_OK && n < 10000; n++) {
        struct feeds feeds = {0};
        mem_fail_from(n);
        status = add_all(&feeds, model);
        mem_fail_from(0);
        assert_true(status == BSR_OK || status == BSR_ENOMEM);
        feeds_free(&feeds);
    }
    assert_int_equal(status, BSR_OK);
    assert_true(n > 10);
    onnx_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_files_go_to_their_name_or_to_the_next_input),
        IN_FOLDER(test_numbers_get_the_type_of_their_input),
        IN_FOLDER(test_pictures_are_letterboxed_rgb_from_0_to_1),
        IN_FOLDER(test_open_sides_are_as_chosen),
        IN_FOLDER(test_whole_numbers_see_0_to_255_and_one_channel_luma),
        IN_FOLDER(test_what_does_not_fit_is_refused_and_the_feeds_stay),
        IN_FOLDER(test_more_files_than_inputs_are_refused),
        IN_FOLDER(test_random_numbers_follow_from_the_seed),
        IN_FOLDER(test_what_is_fed_already_stays),
        IN_FOLDER(test_open_sides_need_a_choice_but_the_batch),
        IN_FOLDER(test_no_memory_is_an_error_wherever_it_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
