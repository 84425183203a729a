/* Weights in a file beside the model, and models that reach for other files. */
#include "base/alloc.h"
#include "tests/onnx/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char blob[] = "besra's weights:012345678901234567890123456789012345"; /* 16 + 36 */

/* A folder of its own, with a file, a link to a file outside of it, a folder behind a link and a pipe. */
struct place {
    char folder[64];
    char outside[64];
};

static void write_blob(const char *path, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(blob, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static const char *path_in(const char *folder, const char *name)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int make_place(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    char          link_target[160];

    assert_non_null(place);
    strcpy(place->folder, "/tmp/besra-external-XXXXXX");
    strcpy(place->outside, "/tmp/besra-outside-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    assert_non_null(mkdtemp(place->outside));
    write_blob(path_in(place->folder, "external.bin"), sizeof blob - 1);
    write_blob(path_in(place->folder, "shorter.bin."), sizeof blob - 2);
    write_blob(path_in(place->outside, "external.bin"), sizeof blob - 1);
    snprintf(link_target, sizeof link_target, "%s/external.bin", place->outside);
    assert_int_equal(symlink(link_target, path_in(place->folder, "filelink.bin")), 0);
    assert_int_equal(symlink(place->outside, path_in(place->folder, "dir")), 0);
    assert_int_equal(mkfifo(path_in(place->folder, "waiting.fifo"), 0600), 0);
    assert_int_equal(mkdir(path_in(place->folder, "a_folder.bin"), 0700), 0);
    *state = place;
    return 0;
}

static int remove_place(void **state)
{
    static const char *const files[] = {"external.bin", "shorter.bin.", "filelink.bin", "dir",
                                        "waiting.fifo"};
    struct place            *place = *state;

    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(path_in(place->folder, files[i]));
    unlink(path_in(place->outside, "external.bin"));
    rmdir(path_in(place->folder, "a_folder.bin"));
    rmdir(place->folder);
    rmdir(place->outside);
    free(place);
    return 0;
}

/* data/external.onnx with a text of it replaced by one of the same length. */
static struct bytes altered(const char *was, const char *is)
{
    struct bytes bytes = sample_bytes("external");
    uint8_t     *at = memmem(bytes.data, bytes.size, was, strlen(was));

    assert_non_null(at);
    assert_int_equal(strlen(was), strlen(is));
    for (size_t i = 0; is[i]; i++)
        at[i] = (uint8_t)is[i];
    return bytes;
}

static void test_data_is_read_and_becomes_part_of_the_model(void **state)
{
    const struct place *place = *state;
    struct bytes        bytes = sample_bytes("external"), out = {0};
    struct onnx_model  *model = NULL, *again = NULL;
    struct bsr_error    err;

    assert_int_equal(onnx_model_read(&model, bytes.data, bytes.size, place->folder, "m", &err), BSR_OK);
    assert_int_equal(onnx_model_write(model, &out, &err), BSR_OK);
    assert_non_null(memmem(out.data, out.size, blob + 16, 36));
    assert_null(memmem(out.data, out.size, "external.bin", 12));
    assert_int_equal(onnx_model_read(&again, out.data, out.size, NULL, "again", &err), BSR_OK);
    onnx_model_free(model);
    onnx_model_free(again);
    bytes_free(&bytes);
    bytes_free(&out);
}

/* The committed model and its file give the bytes of data/conv.onnx, whose weights are inside. */
static void test_committed_model_equals_its_twin(void **state)
{
    struct onnx_model *model = sample_read("external");
    struct bytes       out = {0}, twin = sample_bytes("conv");
    struct bsr_error   err;

    (void)state;
    assert_int_equal(onnx_model_write(model, &out, &err), BSR_OK);
    const uint8_t *weights = memmem(twin.data, twin.size, "\x4a\x24", 2); /* raw_data, 36 bytes */
    assert_non_null(weights);
    assert_non_null(memmem(out.data, out.size, weights, 38));
    onnx_model_free(model);
    bytes_free(&out);
    bytes_free(&twin);
}

static void test_without_a_folder_external_data_is_refused(void **state)
{
    struct bytes       bytes = sample_bytes("external");
    struct onnx_model *model = NULL;
    struct bsr_error   err;

    (void)state;
    assert_int_equal(onnx_model_read(&model, bytes.data, bytes.size, NULL, "m", &err), BSR_EMODEL);
    assert_non_null(strstr(err.message, "no folder"));
    bytes_free(&bytes);
}

static void test_places_outside_and_odd_files_are_refused(void **state)
{
    static const struct {
        const char *was, *is, *says;
    } cases[] = {
        {"external.bin", "/etc/passwd_", "absolute path"},
        {"external.bin", "../../passwd", "leaves the model's folder"},
        {"external.bin", "./../ernal.b", "leaves the model's folder"},
        {"external.bin", "filelink.bin", "symbolic link"},
        {"external.bin", "dir/rnal.bin", "no folder"},
        {"external.bin", "waiting.fifo", "no regular file"},
        {"external.bin", "a_folder.bin", "no regular file"},
        {"external.bin", "is_not_there", "no such file"},
        {"external.bin", "shorter.bin.", "too short"},
        {"\x02"
         "16",
         "\x02"
         "17",
         "too short"},
        {"\x02"
         "16",
         "\x02"
         "-1",
         "where its data is"},
        {"\x02"
         "16",
         "\x02"
         "1x",
         "where its data is"},
        {"\x02"
         "36",
         "\x02"
         "35",
         "its length is not"},
        {"location", "locatiom", "where its data is"},
    };
    const struct place *place = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes       bytes = altered(cases[i].was, cases[i].is);
        struct onnx_model *model = NULL;
        struct bsr_error   err = {0};

        assert_int_equal(onnx_model_read(&model, bytes.data, bytes.size, place->folder, "m", &err),
                         BSR_EMODEL);
        if (!strstr(err.message, cases[i].says))
            fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].is, err.message, cases[i].says);
        bytes_free(&bytes);
    }
}

static void test_out_of_memory_is_reported(void **state)
{
    const struct place *place = *state;
    struct bytes        bytes = sample_bytes("external");

    for (size_t n = 1;; n++) {
        struct onnx_model *model = NULL;
        struct bsr_error   err = {0};

        mem_fail_from(n);
        bsr_status status = onnx_model_read(&model, bytes.data, bytes.size, place->folder, "m", &err);
        mem_fail_from(0);
        onnx_model_free(model);
        if (status == BSR_OK)
            break;
        assert_int_equal(status, BSR_ENOMEM);
    }
    bytes_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_data_is_read_and_becomes_part_of_the_model),
        cmocka_unit_test(test_committed_model_equals_its_twin),
        cmocka_unit_test(test_without_a_folder_external_data_is_refused),
        cmocka_unit_test(test_places_outside_and_odd_files_are_refused),
        cmocka_unit_test(test_out_of_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, make_place, remove_place);
}
