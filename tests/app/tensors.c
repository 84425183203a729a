#include "tests/app/tensors.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/npy.h"
#include "onnx/tensor_file.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- files -------------------------------------------------------------------------------- */

static bool is_pb(const char *path)
{
    size_t length = strlen(path);
    return length > 3 && strcmp(path + length - 3, ".pb") == 0;
}

void tensor_save(const char *path, int type, int dims, const int64_t *shape, const double *values)
{
    struct bsr_tensor tensor = {.type = type, .dims = dims};
    struct bytes      bytes = {0};

    for (int i = 0; i < dims; i++)
        tensor.shape[i] = shape[i];
    assert_int_equal(tensor_alloc(&tensor, NULL), BSR_OK);
    for (size_t i = 0; i < tensor_count(&tensor); i++)
        tensor_set(&tensor, i, values[i]);
    bsr_status status =
        is_pb(path) ? tensor_file_write(&tensor, "", &bytes, NULL) : npy_write(&tensor, &bytes, NULL);
    assert_int_equal(status, BSR_OK);
    assert_int_equal(file_write(path, bytes.data, bytes.size, true, false, NULL), BSR_OK);
    bytes_free(&bytes);
    tensor_free(&tensor);
}

struct bsr_tensor tensor_load(const char *path)
{
    struct bsr_tensor tensor = {0};
    struct bytes      file = {0};
    struct bsr_error  err;
    bsr_status        status = BSR_OK;

    if (is_pb(path)) {
        status = tensor_file_read(&tensor, NULL, path, &err);
    } else if ((status = file_read(&file, path, SIZE_MAX / 2, &err)) == BSR_OK) {
        status = npy_read(&tensor, file.data, file.size, path, &err);
        bytes_free(&file);
    }
    if (status != BSR_OK)
        fail_msg("%s: %s", path, err.message);
    return tensor;
}

/* ---- numbers ------------------------------------------------------------------------------ */

static void expect_number(const char *path, size_t index, double found, double wanted, double tolerance)
{
    bool same = found == wanted || (isnan(found) && isnan(wanted)) || fabs(found - wanted) <= tolerance;
    if (!same)
        fail_msg("%s: number %zu is %.9g instead of %.9g", path, index, found, wanted);
}

void expect_numbers(const char *path, int type, size_t count, const double *values, double tolerance)
{
    struct bsr_tensor tensor = tensor_load(path);

    assert_string_equal(tensor_type_name(tensor.type), tensor_type_name(type));
    assert_int_equal(tensor_count(&tensor), count);
    for (size_t i = 0; i < count; i++)
        expect_number(path, i, tensor_get(&tensor, i), values[i], tolerance);
    tensor_free(&tensor);
}

void expect_near(const char *path, const char *other, double tolerance)
{
    struct bsr_tensor found = tensor_load(path), wanted = tensor_load(other);

    assert_string_equal(tensor_type_name(found.type), tensor_type_name(wanted.type));
    assert_string_equal(tensor_shape_text(&found).text, tensor_shape_text(&wanted).text);
    for (size_t i = 0; i < tensor_count(&found); i++)
        expect_number(path, i, tensor_get(&found, i), tensor_get(&wanted, i), tolerance);
    tensor_free(&found);
    tensor_free(&wanted);
}

/* ---- runs --------------------------------------------------------------------------------- */

static struct run_result run_formatted(int code, const char *command, va_list args)
{
    char *line = NULL;
    assert_true(vasprintf(&line, command, args) > 0);
    struct run_result run = run_shell("%s", line);
    if (run.code != code)
        printf("after: %s\n", line);
    free(line);
    expect_code(&run, code);
    return run;
}

char *run_expecting(int code, const char *part, const char *command, ...)
{
    va_list args;
    va_start(args, command);
    struct run_result run = run_formatted(code, command, args);
    va_end(args);
    if (part)
        expect_part(run.err, part);
    free(run.err);
    return run.out;
}

json_t *run_json(const char *command, ...)
{
    json_error_t fault;
    va_list      args;
    va_start(args, command);
    struct run_result run = run_formatted(0, command, args);
    va_end(args);
    json_t *object = json_loads(run.out, JSON_REJECT_DUPLICATES, &fault);
    if (!object)
        fail_msg("no JSON: %s\n%s", fault.text, run.out);
    run_free(&run);
    return object;
}

/* ---- JSON --------------------------------------------------------------------------------- */

const json_t *json_at(const json_t *object, const char *path)
{
    char  key[64];
    char *end;

    while (object && *path) {
        size_t length = strcspn(path, ".");
        assert_true(length < sizeof key);
        memcpy(key, path, length);
        key[length] = '\0';
        object = json_is_array(object) ? json_array_get(object, strtoul(key, &end, 10))
                                       : json_object_get(object, key);
        path += length + (path[length] == '.');
    }
    return object;
}

void expect_json(const json_t *object, const char *path, const char *text)
{
    const json_t *found = json_at(object, path);
    json_t       *wanted = json_loads(text, JSON_DECODE_ANY, NULL);

    assert_non_null(wanted);
    if (!found || !json_equal(found, wanted)) {
        char *has = found ? json_dumps(found, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
        fail_msg("\"%s\" is %s instead of %s", path, has ? has : "not there", text);
    }
    json_decref(wanted);
}

void expect_real(const json_t *object, const char *path, double value, double tolerance)
{
    const json_t *found = json_at(object, path);
    if (!json_is_number(found))
        fail_msg("\"%s\" is no number", path);
    if (!(fabs(json_number_value(found) - value) <= tolerance))
        fail_msg("\"%s\" is %.9g instead of %.9g", path, json_number_value(found), value);
}

void tutorial_enter(void)
{
    char *folder = shared_path("models/tutorial");
    if (!folder) {
        skip();
        return; /* it doesn't, which analyzers can't know */
    }
    setenv("TUTORIAL", folder, 1);
    free(folder);
}
