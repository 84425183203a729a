/* What is taken off a graph for a pipeline: a front Transpose, a batch, YOLO's Detect tail. The models are
 * made by make_pass_models.py. */
#include "base/alloc.h"
#include "onnx/tails.h"
#include "tests/onnx/outputs.h"
#include "tests/onnx/sample.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct bytes written(const struct onnx_model *model)
{
    struct bytes     out = {0};
    struct bsr_error err;
    assert_int_equal(onnx_model_write(model, &out, &err), BSR_OK);
    return out;
}

static void assert_unchanged(const struct onnx_model *model, const char *name)
{
    struct bytes before = sample_bytes(name), after = written(model);
    assert_int_equal(before.size, after.size);
    assert_memory_equal(before.data, after.data, after.size);
    bytes_free(&before);
    bytes_free(&after);
}

/* The model, written and read again: everything a file says is still right. */
static struct onnx_model *reread(const struct onnx_model *model)
{
    struct bytes       out = written(model);
    struct onnx_model *again = NULL;
    struct bsr_error   err = {0};
    if (onnx_model_read(&again, out.data, out.size, NULL, "again", &err) != BSR_OK)
        fail_msg("%s", err.message);
    bytes_free(&out);
    return again;
}

/* ---- a front Transpose -------------------------------------------------------------------------- */

/* [N][H][W][C] to [N][C][H][W]. */
static struct bsr_tensor as_planes(const struct bsr_tensor *picture)
{
    const int64_t    *s = picture->shape;
    struct bsr_tensor planes = random_tensor(BSR_F32, 4, (const int64_t[]){s[0], s[3], s[1], s[2]}, 0);

    for (int64_t i = 0; i < (int64_t)tensor_count(picture); i++) {
        int64_t c = i % s[3], x = i / s[3] % s[2], y = i / s[3] / s[2] % s[1], n = i / s[3] / s[2] / s[1];
        tensor_set(&planes, (size_t)(((n * s[3] + c) * s[1] + y) * s[2] + x), tensor_get(picture, (size_t)i));
    }
    return planes;
}

static void test_a_front_transpose_is_lifted(void **state)
{
    (void)state;
    struct onnx_model  *model = sample_read("pass_nhwc"), *original = sample_read("pass_nhwc");
    struct onnx_changes changes = {0};
    struct bsr_error    err = {0};
    bool                done = false;

    assert_int_equal(onnx_lift_front_transpose(model, &done, &changes, &err), BSR_OK);
    assert_true(done);
    assert_int_equal(changes.count, 1);
    assert_int_equal(onnx_node_count(model, "Transpose"), 0);
    struct onnx_value input = onnx_input(model, 0);
    assert_true(input.shape[0] == -1 && input.shape[1] == 3 && input.shape[2] == 5 && input.shape[3] == -1);

    struct bsr_tensor picture = random_tensor(BSR_F32, 4, (const int64_t[]){2, 5, 7, 3}, 9);
    struct bsr_tensor planes = as_planes(&picture);
    struct outputs    before = outputs_for(original, &picture), after = outputs_for(model, &planes);
    assert_true(outputs_difference(&after, &before) == 0.0);

    assert_int_equal(onnx_lift_front_transpose(model, &done, &changes, &err), BSR_OK);
    assert_false(done);
    onnx_model_free(reread(model));
    tensor_free(&picture);
    tensor_free(&planes);
    outputs_free(&before);
    outputs_free(&after);
    onnx_changes_free(&changes);
    onnx_model_free(model);
    onnx_model_free(original);
}

static void test_other_fronts_stay(void **state)
{
    static const char *const names[] = {
        "pass_nhwc_twice", "pass_nhwc_output", "pass_nhwc_seven", "pass_nhwc_other", "conv", "dynamic"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct onnx_model *model = sample_read(names[i]);
        struct bsr_error   err;
        bool               done = true;

        assert_int_equal(onnx_lift_front_transpose(model, &done, NULL, &err), BSR_OK);
        assert_false(done);
        assert_unchanged(model, names[i]);
        onnx_model_free(model);
    }
}

/* ---- batches ------------------------------------------------------------------------------------ */

/* Picture `index` of each tensor. */
static struct outputs picture_of(const struct outputs *outputs, int64_t index)
{
    struct outputs one = {.count = outputs->count};
    for (int i = 0; i < outputs->count; i++) {
        const struct bsr_tensor *all = &outputs->tensors[i];
        struct bsr_tensor        slice = *all;
        struct bsr_error         err;
        size_t                   bytes = tensor_bytes(all) / (size_t)all->shape[0];
        slice.shape[0] = 1;
        slice.data = (char *)all->data + (size_t)index * bytes;
        assert_int_equal(tensor_copy(&one.tensors[i], &slice, &err), BSR_OK);
    }
    return one;
}

static void test_a_batch_becomes_one_picture(void **state)
{
    (void)state;
    struct onnx_model  *model = sample_read("pass_batch"), *original = sample_read("pass_batch");
    struct onnx_changes changes = {0};
    struct bsr_error    err = {0};
    int                 batch = 0;

    bsr_status status = onnx_single_batch(model, &batch, &changes, &err);
    if (status != BSR_OK)
        fail_msg("%s", err.message);
    assert_int_equal(batch, 4);
    assert_int_equal(changes.count, 1);
    assert_int_equal(onnx_input(model, 0).shape[0], 1);
    assert_int_equal(onnx_output(model, 0).shape[0], 1);

    struct outputs pictures = {.count = 1};
    pictures.tensors[0] = random_tensor(BSR_F32, 4, (const int64_t[]){4, 2, 4, 4}, 3);
    struct outputs all = outputs_for(original, pictures.tensors);
    for (int i = 0; i < batch; i++) {
        struct outputs picture = picture_of(&pictures, i), expected = picture_of(&all, i);
        struct outputs one = outputs_for(model, picture.tensors);
        assert_true(outputs_difference(&one, &expected) <= 1e-6);
        outputs_free(&picture);
        outputs_free(&expected);
        outputs_free(&one);
    }

    struct onnx_model *again = reread(model);
    assert_int_equal(onnx_single_batch(again, &batch, NULL, &err), BSR_OK);
    assert_int_equal(batch, 1);
    onnx_model_free(again);
    outputs_free(&pictures);
    outputs_free(&all);
    onnx_changes_free(&changes);
    onnx_model_free(model);
    onnx_model_free(original);
}

static void test_batches_that_are_mixed_are_refused(void **state)
{
    static const struct {
        const char *name, *why;
    } refused[] = {
        {"pass_batch_softmax", "mix (Softmax) works along the batch"},
        {"pass_batch_differs", "mix (Add) has constants that differ from picture to picture"},
        {"pass_batch_mixed", "mix (Transpose) works along the batch"},
        {"pass_batch_joined", "mix (Reshape) makes a tensor whose first side is not the batch"},
        {"pass_batch_counted", "mix (Mul) gives something else for a single picture"},
        {"pass_batch_unknown", "mix (CumSum) is not known to treat each picture by itself"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct onnx_model *model = sample_read(refused[i].name);
        struct bsr_error   err = {0};
        int                batch = 7;

        assert_int_equal(onnx_single_batch(model, &batch, NULL, &err), BSR_EMODEL);
        if (!strstr(err.message, refused[i].why))
            fail_msg("%s: '%s'", refused[i].name, err.message);
        assert_int_equal(batch, 7);
        assert_unchanged(model, refused[i].name);
        onnx_model_free(model);
    }
}

static void test_models_without_a_batch_stay(void **state)
{
    static const char *const names[] = {"pass_batch_one", "conv", "vector", "shapeless"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct onnx_model *model = sample_read(names[i]);
        struct bsr_error   err;
        int                batch = 0;

        assert_int_equal(onnx_single_batch(model, &batch, NULL, &err), BSR_OK);
        assert_int_equal(batch, 1);
        assert_unchanged(model, names[i]);
        onnx_model_free(model);
    }
}

/* ---- Detect tails ------------------------------------------------------------------------------- */

/* As make_pass_models.py has them. */
static const float model_anchors[3][2][2] = {
    {{10, 13}, {16, 30}}, {{30, 61}, {62, 45}}, {{116, 90}, {156, 198}}};
static const float model_strides[3] = {8, 16, 32};

static const struct {
    const char *name;
    bool        has_anchors, any_size;
} tails[] = {
    {"pass_detect_plain", true, true},        /* YOLOv5's export at a fixed size */
    {"pass_detect_beside", true, true},       /* with the 5-D heads beside the decoded rows */
    {"pass_detect_coarse_first", true, true}, /* heads in another order */
    {"pass_detect_cells_first", true, true},  /* anchors of a cell side by side */
    {"pass_detect_v7", true, true},           /* YOLOv7's arithmetic */
    {"pass_detect_implicit", true, true},     /* ImplicitM behind the convolutions */
    {"pass_detect_f16", true, true},          {"pass_detect_dynamic", true, true},
    {"pass_detect_grids", false, true}, /* 5-D heads alone */
    {"pass_detect_fixed_size", true, false},
};

static bsr_status cut(const char *name, struct onnx_model **model, struct onnx_detect_tail *tail,
                      struct onnx_changes *changes)
{
    struct bsr_error err = {0};
    *model = sample_read(name);
    return onnx_cut_detect(*model, 96, tail, changes, &err);
}

static void test_detect_tails_are_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        struct onnx_detect_tail tail = {.found = false};
        struct onnx_changes     changes = {0};
        struct onnx_model      *model = NULL;

        assert_int_equal(cut(tails[i].name, &model, &tail, &changes), BSR_OK);
        if (!tail.found)
            fail_msg("%s: no tail found", tails[i].name);
        assert_int_equal(tail.heads, 3);
        assert_int_equal(tail.anchors, 2);
        assert_int_equal(tail.classes, 3);
        assert_int_equal(tail.any_size, tails[i].any_size);
        assert_int_equal(tail.in_width, 96);
        assert_int_equal(changes.count, 4);
        for (int h = 0; h < 3; h++) {
            assert_true(tail.strides[h] == model_strides[h]);
            for (int a = 0; a < 2; a++)
                for (int s = 0; s < 2; s++)
                    assert_true(tail.sizes[h][a][s] ==
                                (tails[i].has_anchors ? model_anchors[h][a][s] : 0.0F));
        }

        /* The heads are the outputs, and no node of the tail is left. */
        assert_int_equal(onnx_output_count(model), 3);
        assert_int_equal(onnx_node_count(model, "Sigmoid") + onnx_node_count(model, "Transpose"), 0);
        for (int h = 0; h < 3; h++) {
            struct onnx_value output = onnx_output(model, h);
            int64_t           side = tail.any_size ? -1 : 64 / (int64_t)tail.strides[h];
            assert_int_equal(output.dims, 4);
            assert_int_equal(output.shape[1], 2 * 8);
            assert_int_equal(output.shape[2], side);
            assert_int_equal(output.element_type, onnx_input(model, 0).element_type);
        }

        /* A file again, in which there is no tail any more. */
        struct onnx_model *again = reread(model);
        struct bsr_error   err;
        assert_int_equal(onnx_cut_detect(again, 96, &tail, NULL, &err), BSR_OK);
        assert_false(tail.found);
        onnx_model_free(again);
        onnx_changes_free(&changes);
        onnx_model_free(model);
    }
}

/* ---- anchor-free Detect tails --------------------------------------------------------------------- */

static const struct {
    const char *name;
    int         bins, classes;
} free_tails[] = {
    {"pass_detect_free", 4, 3}, /* YOLOv8's export at a fixed size */
    {"pass_detect_free_one_class", 4, 1},
    {"pass_detect_free_no_bins", 1, 6},         /* the box is four numbers */
    {"pass_detect_free_as_many_classes", 2, 8}, /* as channels of the box */
    {"pass_detect_free_rows", 4, 3},            /* a row a cell */
    {"pass_detect_free_dynamic", 4, 3},
};

static void test_anchor_free_tails_are_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof free_tails / sizeof *free_tails; i++) {
        struct onnx_detect_tail tail = {.found = false};
        struct onnx_changes     changes = {0};
        struct onnx_model      *model = NULL;

        assert_int_equal(cut(free_tails[i].name, &model, &tail, &changes), BSR_OK);
        if (!tail.found)
            fail_msg("%s: no tail found", free_tails[i].name);
        assert_int_equal(tail.heads, 3);
        assert_int_equal(tail.anchors, 0);
        assert_int_equal(tail.bins, free_tails[i].bins);
        assert_int_equal(tail.classes, free_tails[i].classes);
        assert_true(tail.any_size);
        assert_int_equal(changes.count, 7);
        assert_int_equal(onnx_output_count(model), 6);
        assert_int_equal(onnx_node_count(model, "Conv"), 6);
        for (int o = 0; o < 6; o++) {
            struct onnx_value output = onnx_output(model, o);
            char              name[16];
            snprintf(name, sizeof name, "%s%d", o % 2 ? "cls" : "box", o / 2);
            assert_string_equal(output.name, name);
            assert_int_equal(output.shape[1], o % 2 ? tail.classes : 4 * tail.bins);
            assert_int_equal(output.shape[2], -1);
            assert_true(tail.strides[o / 2] == model_strides[o / 2]);
        }
        onnx_model_free(reread(model));
        onnx_changes_free(&changes);
        onnx_model_free(model);
    }
}

/* The decoded rows of the original are YOLO's formula on the heads of what is left. */
static void test_heads_are_those_of_the_model(void **state)
{
    (void)state;
    struct onnx_detect_tail tail;
    struct onnx_model      *model = NULL, *original = sample_read("pass_detect_implicit");

    assert_int_equal(cut("pass_detect_implicit", &model, &tail, NULL), BSR_OK);
    struct bsr_tensor picture = random_tensor(BSR_F32, 4, (const int64_t[]){1, 3, 64, 96}, 5);
    struct outputs    rows = outputs_for(original, &picture), heads = outputs_for(model, &picture);
    const float      *row = rows.tensors[0].data;
    for (int h = 0; h < tail.heads; h++) {
        const struct bsr_tensor *head = &heads.tensors[h];
        size_t                   area = (size_t)(head->shape[2] * head->shape[3]);
        for (size_t a = 0; a < 2; a++)
            for (size_t i = 0; i < area; i++, row += 8) {
                double t = tensor_get(head, (a * 8 + 2) * area + i), objectness;
                double side = 2.0 / (1.0 + exp(-t));
                objectness = 1.0 / (1.0 + exp(-tensor_get(head, (a * 8 + 4) * area + i)));
                assert_true(fabs((double)row[2] - side * side * (double)tail.sizes[h][a][0]) < 1e-2);
                assert_true(fabs((double)row[4] - objectness) < 1e-5);
            }
    }
    tensor_free(&picture);
    outputs_free(&rows);
    outputs_free(&heads);
    onnx_model_free(model);
    onnx_model_free(original);
}

static void test_models_without_a_detect_tail_stay(void **state)
{
    static const char *const names[] = {"pass_detect_raw",
                                        "pass_detect_exp",
                                        "pass_detect_wrong_cell",
                                        "pass_detect_free_squares",
                                        "conv",
                                        "dynamic",
                                        "shapeless",
                                        "vector",
                                        "two_inputs",
                                        "pass_batch"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct onnx_detect_tail tail = {.found = true};
        struct onnx_changes     changes = {0};
        struct onnx_model      *model = NULL;

        assert_int_equal(cut(names[i], &model, &tail, &changes), BSR_OK);
        if (tail.found)
            fail_msg("%s: a tail was found", names[i]);
        assert_int_equal(changes.count, 0);
        assert_unchanged(model, names[i]);
        onnx_changes_free(&changes);
        onnx_model_free(model);
    }
}

/* ---- failures ----------------------------------------------------------------------------------- */

static bsr_status lift_it(struct onnx_model *model, struct bsr_error *err)
{
    bool done;
    return onnx_lift_front_transpose(model, &done, NULL, err);
}

static bsr_status single_it(struct onnx_model *model, struct bsr_error *err)
{
    int batch;
    return onnx_single_batch(model, &batch, NULL, err);
}

static bsr_status cut_it(struct onnx_model *model, struct bsr_error *err)
{
    struct onnx_detect_tail tail;
    return onnx_cut_detect(model, 96, &tail, NULL, err);
}

static void test_failed_allocations_leave_models_as_they_were(void **state)
{
    static const struct {
        const char *name;
        bsr_status (*take_off)(struct onnx_model *model, struct bsr_error *err);
    } cases[] = {{"pass_nhwc", lift_it},
                 {"pass_batch", single_it},
                 {"pass_detect_plain", cut_it},
                 {"pass_detect_free", cut_it}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bsr_status status = BSR_ENOMEM;
        for (size_t n = 1; status != BSR_OK; n += 1 + n / 100) { /* all of the first hundred */
            struct onnx_model *model = sample_read(cases[i].name);
            struct bsr_error   err = {0};

            mem_fail_from(n);
            status = cases[i].take_off(model, &err);
            mem_fail_from(0);
            assert_true(status == BSR_OK || status == BSR_ENOMEM);
            if (status != BSR_OK)
                assert_unchanged(model, cases[i].name);
            onnx_model_free(model);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_front_transpose_is_lifted),
        cmocka_unit_test(test_other_fronts_stay),
        cmocka_unit_test(test_a_batch_becomes_one_picture),
        cmocka_unit_test(test_batches_that_are_mixed_are_refused),
        cmocka_unit_test(test_models_without_a_batch_stay),
        cmocka_unit_test(test_detect_tails_are_cut),
        cmocka_unit_test(test_anchor_free_tails_are_cut),
        cmocka_unit_test(test_heads_are_those_of_the_model),
        cmocka_unit_test(test_models_without_a_detect_tail_stay),
        cmocka_unit_test(test_failed_allocations_leave_models_as_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
