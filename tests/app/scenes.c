#include "tests/app/scenes.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

int scratch_enter(void **state)
{
    *state = scratch_make();
    assert_int_equal(chdir(*state), 0);
    setenv("BESRA_MODELS", BESRA_SOURCE_DIR "/tests/app/data:" BESRA_SOURCE_DIR "/models", 1);
    setenv("SOURCE", BESRA_SOURCE_DIR, 1);
    return 0;
}

int scratch_leave(void **state)
{
    assert_int_equal(chdir("/"), 0);
    scratch_remove(*state);
    return 0;
}

void text_write(const char *path, const char *text)
{
    assert_int_equal(file_write(path, text, strlen(text), true, false, NULL), BSR_OK);
}

void picture_write(const char *path, const struct picture *picture)
{
    struct bytes encoded = {0};
    const char  *dot = strrchr(path, '.');
    assert_non_null(dot);
    assert_int_equal(picture_encode(&encoded, picture, picture_format_from_name(dot + 1), 95, NULL), BSR_OK);
    assert_int_equal(file_write(path, encoded.data, encoded.size, true, false, NULL), BSR_OK);
    bytes_free(&encoded);
}

struct picture picture_read(const char *path)
{
    struct picture        picture = {0};
    struct bytes          file = {0};
    struct picture_limits limits = {0};
    assert_int_equal(file_read(&file, path, SIZE_MAX / 2, NULL), BSR_OK);
    assert_int_equal(picture_decode(&picture, file.data, file.size, PICTURE_FOR_EDIT, &limits, path, NULL),
                     BSR_OK);
    bytes_free(&file);
    return picture;
}

static void fill_square(const struct bsr_image *image, int from, int to, const uint8_t bgr[3])
{
    for (int y = from; y < to; y++)
        for (int x = from; x < to; x++)
            memcpy(image_row(image, y) + 3 * (size_t)x, bgr, 3);
}

void scene_write(const char *path)
{
    struct picture scene = {0};
    assert_int_equal(image_alloc(&scene.image, SCENE_SIDE, SCENE_SIDE, 3, 8, NULL), BSR_OK);
    fill_square(&scene.image, 0, SCENE_SIDE, (const uint8_t[]){90, 90, 90});
    fill_square(&scene.image, 16, 32, (const uint8_t[]){0, 0, 255});
    fill_square(&scene.image, 32, 48, (const uint8_t[]){0, 255, 0});
    picture_write(path, &scene);
    picture_free(&scene);
}

void file_cut(const char *from, const char *to, size_t size)
{
    struct bytes file = {0};
    assert_int_equal(file_read(&file, from, SIZE_MAX / 2, NULL), BSR_OK);
    assert_true(size < file.size);
    assert_int_equal(file_write(to, file.data, size ? size : file.size / 2, true, false, NULL), BSR_OK);
    bytes_free(&file);
}

/* ---- expectations ------------------------------------------------------------------------- */

void expect_code(const struct run_result *run, int code)
{
    if (run->code != code)
        fail_msg("exit code %d instead of %d; it said:\n%s%s", run->code, code, run->out, run->err);
}

void expect_part(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

void expect_no_part(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("\"%s\" is in:\n%s", part, text);
}

void expect_files(const char *folder, const char *files)
{
    struct run_result run =
        run_shell("cd '%s' && find . -type f -printf '%%P\\0' | LC_ALL=C sort -z | tr '\\0' '\\n'", folder);
    if (run.code != 0 || strcmp(run.out, files) != 0)
        fail_msg("in %s there are\n%sinstead of\n%s%s", folder, run.out, files, run.err);
    run_free(&run);
}

void expect_same_file(const char *path, const char *other)
{
    struct run_result run = run_shell("cmp '%s' '%s'", path, other);
    expect_code(&run, 0);
    run_free(&run);
}

/* ---- records ------------------------------------------------------------------------------ */

size_t record_count(const char *lines)
{
    size_t count = 0;
    for (; *lines; lines++)
        count += *lines == '\n';
    return count;
}

json_t *record_read(const char *lines, size_t index)
{
    for (; index && lines; index--) {
        lines = strchr(lines, '\n');
        lines += lines != NULL;
    }
    const char *end = lines ? strchr(lines, '\n') : NULL;
    if (!end)
        fail_msg("there are too few records");
    json_error_t fault;
    json_t      *record = json_loadb(lines, (size_t)(end - lines), JSON_REJECT_DUPLICATES, &fault);
    if (!record)
        fail_msg("no JSON: %s\n%.*s", fault.text, (int)(end - lines), lines);
    return record;
}

void expect_keys(const json_t *object, const char *keys)
{
    char        found[256] = "";
    const char *key;
    json_t     *value;
    json_object_foreach((json_t *)object, key, value)
    {
        size_t length = strlen(found);
        snprintf(found + length, sizeof found - length, "%s%s", length ? " " : "", key);
    }
    assert_string_equal(found, keys);
}

static void expect_find(const json_t *find, int class_index, const char *name, double from, double to)
{
    const json_t *box = json_object_get(find, "box");
    double        wanted[4] = {from, from, to, to};

    expect_keys(find, "class name score box");
    assert_int_equal(json_integer_value(json_object_get(find, "class")), class_index);
    assert_string_equal(json_string_value(json_object_get(find, "name")), name);
    /* lossy formats move colours by a few levels; one level of red moves the objectness logit by 10 / 255 and
     * with it the score by 0.002 (lossy WebP: 0.039) */
    assert_float_equal(json_real_value(json_object_get(find, "score")), SCENE_SCORE, 0.05);
    assert_int_equal(json_array_size(box), 4);
    for (size_t i = 0; i < 4; i++)
        assert_float_equal(json_real_value(json_array_get(box, i)), wanted[i], 1e-3);
}

void expect_scene_record(const json_t *record, const char *source)
{
    const json_t *finds = json_object_get(record, "detections"), *ms = json_object_get(record, "ms");
    const char   *key;
    json_t       *value;

    expect_keys(record, "source width height model task detections ms");
    expect_keys(ms, "decode pre net post encode");
    assert_string_equal(json_string_value(json_object_get(record, "source")), source);
    assert_int_equal(json_integer_value(json_object_get(record, "width")), SCENE_SIDE);
    assert_int_equal(json_integer_value(json_object_get(record, "height")), SCENE_SIDE);
    assert_string_equal(json_string_value(json_object_get(record, "task")), "detect");
    json_object_foreach((json_t *)ms, key, value) assert_true(json_number_value(value) >= 0);
    assert_int_equal(json_array_size(finds), 2);
    bool berry_first = json_integer_value(json_object_get(json_array_get(finds, 0), "class")) == 0;
    expect_find(json_array_get(finds, berry_first ? 0 : 1), 0, "berry", 16, 32);
    expect_find(json_array_get(finds, berry_first ? 1 : 0), 1, "green leaf", 32, 48);
}
