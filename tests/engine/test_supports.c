/* Which nodes OpenCV is trusted with (engine/supports.h). Each row is run by the engine that shares a graph
 * out and by besra's operators alone: whoever runs it, the numbers must agree. */
#include "base/alloc.h"
#include "engine/opencv_dnn.h"
#include "onnx/changes.h"
#include "tests/engine/node_model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum runner { BY_OPENCV, BY_BESRA };

/* BESRA: OpenCV 4.6 refuses it, or runs it wrong; newer ones may know better. */
static const struct row {
    const char       *node;
    enum node_numbers numbers;
    enum runner       runner;
} rows[] = {
#define OPENCV(numbers, node) {node, NUMBERS_##numbers, BY_OPENCV},
#define BESRA(numbers, node)  {node, NUMBERS_##numbers, BY_BESRA},
#include "tests/engine/support_rows.def"
#undef OPENCV
#undef BESRA
};

static const struct engine_value *run(struct engine **engine, const struct node_model *model,
                                      const char *node, const char *backend, int *count)
{
    struct engine_options      options = {.backend = backend};
    const struct engine_value *outputs = NULL;
    struct bsr_error           err = {0};

    if (engine_open(engine, model->onnx.data, model->onnx.size, &options, "m", &err) != BSR_OK ||
        engine_run_any(*engine, model->inputs, model->input_count, &outputs, count, &err) != BSR_OK)
        fail_msg("%s by %s: %s", node, backend, err.message);
    return outputs;
}

/* Floats of up to a few hundred terms, in another order of adding, and functions that are approximated. */
static bool is_close(double a, double b, double slack)
{
    return (isnan(a) && isnan(b)) || a == b || fabs(a - b) <= 2e-5 + slack + 1e-4 * fabs(b);
}

/* Sums that OpenCV 4.7 and later take by Winograd's way are off by some 1e-5 of the largest. */
static double slack_of(const struct bsr_tensor *wanted)
{
    double most = 0;

    for (size_t i = 0; i < tensor_count(wanted); i++)
        most = fmax(most, fabs(tensor_get(wanted, i)));
    return most < 1000 ? 1e-5 * most : 0;
}

static void assert_same(const char *node, const struct bsr_tensor *tensor, const struct bsr_tensor *wanted)
{
    if (tensor->type != wanted->type || !tensor_same_shape(tensor, wanted))
        fail_msg("%s: %s of %s, not %s of %s", node, tensor_shape_text(tensor).text,
                 tensor_type_name(tensor->type), tensor_shape_text(wanted).text,
                 tensor_type_name(wanted->type));
    double slack = slack_of(wanted);
    for (size_t i = 0; i < tensor_count(wanted); i++)
        if (!is_close(tensor_get(tensor, i), tensor_get(wanted, i), slack))
            fail_msg("%s: [%zu] is %g, not %g", node, i, tensor_get(tensor, i), tensor_get(wanted, i));
}

static const char *find_reason(const struct engine *engine)
{
    const struct onnx_changes *changes = engine_changes(engine);
    for (size_t i = 0; i < changes->count; i++)
        if (strncmp(changes->items[i].text, "run by besra: ", 14) == 0)
            return changes->items[i].text + 14;
    return NULL;
}

static void test_whoever_runs_a_node_runs_it_right(void **state)
{
    int by_opencv = 0;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct node_model model;
        struct engine    *shared = NULL, *alone = NULL;
        int               count = 0, alone_count = 0;
        node_model_make(&model, row->node, row->numbers);
        const struct engine_value *outputs = run(&shared, &model, row->node, "opencv", &count);
        const struct engine_value *wanted = run(&alone, &model, row->node, "besra", &alone_count);

        assert_int_equal(count, alone_count);
        for (int o = 0; o < count; o++)
            assert_same(row->node, &outputs[o].tensor, &wanted[o].tensor);
        const char *reason = find_reason(shared);
        by_opencv += !reason;
        if (opencv_version_number() == 406 && !reason != (row->runner == BY_OPENCV))
            fail_msg("%s: is run by %s: %s", row->node, reason ? "besra" : "OpenCV", reason ? reason : "");
        engine_close(shared);
        engine_close(alone);
        node_model_free(&model);
    }
    print_message("%d of %zu forms are run by %s\n", by_opencv, sizeof rows / sizeof *rows, engine_version());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whoever_runs_a_node_runs_it_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
