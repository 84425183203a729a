/* All passes together: on random graphs, and on the exports of ../shared, where they are there. */
#include "base/alloc.h"
#include "base/file.h"
#include "onnx/passes/passes.h"
#include "tests/onnx/graph_text.h"
#include "tests/onnx/outputs.h"
#include "tests/onnx/random_graph.h"
#include "tests/onnx/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct bytes written(const struct onnx_model *model)
{
    struct bytes     out = {0};
    struct bsr_error err;
    assert_int_equal(onnx_model_write(model, &out, &err), BSR_OK);
    return out;
}

/* Prepared, it gives what it gave before (`apart` at most); written and read and prepared once more, it is
 * the same file. */
static void assert_prepared_is_the_same(const char *name, struct onnx_model *model,
                                        const struct onnx_prepare_options *options,
                                        const struct bsr_tensor *inputs, const struct outputs *before,
                                        double apart)
{
    struct onnx_model          *again = NULL;
    struct onnx_changes         changes = {0};
    struct onnx_prepare_options rest = *options;
    struct bsr_error            err = {0};

    if (onnx_prepare(model, options, &changes, &err) != BSR_OK)
        fail_msg("%s: %s", name, err.message);
    struct outputs after = outputs_for(model, inputs);
    if (!(outputs_difference(&after, before) <= apart))
        fail_msg("%s: outputs are %g apart", name, outputs_difference(&after, before));

    struct bytes once = written(model);
    if (onnx_model_read(&again, once.data, once.size, NULL, "again", &err) != BSR_OK)
        fail_msg("%s: %s", name, err.message);
    rest.chosen_count = 0;
    onnx_changes_free(&changes);
    if (onnx_prepare(again, &rest, &changes, &err) != BSR_OK)
        fail_msg("%s: %s", name, err.message);
    struct bytes twice = written(again);
    if (changes.count)
        fail_msg("%s: a second time: %s %s", name, changes.items[0].node, changes.items[0].text);
    assert_int_equal(once.size, twice.size);
    assert_memory_equal(once.data, twice.data, once.size);
    outputs_free(&after);
    onnx_changes_free(&changes);
    bytes_free(&once);
    bytes_free(&twice);
    onnx_model_free(again);
}

/* ---- random graphs
 * --------------------------------------------------------------------------------------------- */

static void random_inputs(struct bsr_tensor *inputs, const struct onnx_model *model, uint64_t seed)
{
    for (int i = 0; i < onnx_input_count(model); i++) {
        struct onnx_value input = onnx_input(model, i);
        inputs[i] = random_tensor(input.element_type, input.dims, input.shape, seed + (uint64_t)i);
    }
}

static void free_inputs(struct bsr_tensor *inputs)
{
    for (int i = 0; i < MOST_OUTPUTS; i++)
        tensor_free(&inputs[i]);
}

static void test_random_graphs_give_the_same(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        static const int versions[] = {0, 406, 410};
        for (size_t v = 0; v < sizeof versions / sizeof *versions; v++) {
            struct onnx_prepare_options options = {.opencv = versions[v]};
            struct onnx_model          *model = random_graph(seed);
            struct bsr_tensor           inputs[MOST_OUTPUTS] = {{0}};
            char                        name[48];

            snprintf(name, sizeof name, "random graph %u for %d", (unsigned)seed, versions[v]);
            random_inputs(inputs, model, seed);
            struct outputs before = outputs_for(model, inputs);
            assert_prepared_is_the_same(name, model, &options, inputs, &before, 0.0);
            outputs_free(&before);
            free_inputs(inputs);
            onnx_model_free(model);
        }
    }
}

/* Each pass alone, in an order of its own: none relies on the others. */
static void test_passes_work_in_any_order(void **state)
{
    static onnx_pass *const passes[] = {pass_inline_functions, pass_resolve_if,  pass_freeze_inputs,
                                        pass_drop_no_ops,      pass_remove_dead, pass_fold_constants};
    static const struct onnx_prepare_options options = {.chosen_count = 0};
    uint64_t                                 random = 77;

    (void)state;
    for (uint64_t seed = 1000; seed < 1200; seed++) {
        struct onnx_model *model = random_graph(seed);
        struct bsr_tensor  inputs[MOST_OUTPUTS] = {{0}};
        random_inputs(inputs, model, seed);
        struct outputs before = outputs_for(model, inputs);
        for (int n = 0; n < 5; n++) {
            size_t           which = (size_t)(next_random(&random) >> 33) % 6;
            bool             changed = false;
            struct bsr_error err = {0};
            if (passes[which](model, &options, NULL, &changed, &err) != BSR_OK)
                fail_msg("graph %u, pass %zu: %s", (unsigned)seed, which, err.message);
            struct outputs after = outputs_for(model, inputs);
            if (outputs_difference(&after, &before) != 0.0)
                fail_msg("graph %u, pass %zu: outputs differ", (unsigned)seed, which);
            outputs_free(&after);
        }
        outputs_free(&before);
        free_inputs(inputs);
        onnx_model_free(model);
    }
}

static void test_preparing_survives_any_failed_allocation(void **state)
{
    (void)state;
    struct onnx_prepare_options options = {.opencv = 406};
    bsr_status                  status = BSR_ENOMEM;

    for (size_t n = 1; status != BSR_OK; n += 1 + n / 100) {
        struct onnx_model  *model = random_graph(4);
        struct onnx_changes changes = {0};
        struct bsr_error    err = {0};
        mem_fail_from(n);
        status = onnx_prepare(model, &options, &changes, &err);
        mem_fail_from(0);
        if (status != BSR_OK && status != BSR_ENOMEM)
            fail_msg("allocation %zu: %s", n, err.message);
        onnx_changes_free(&changes);
        onnx_model_free(model);
    }
}

/* ---- what is said of versions
 * ------------------------------------------------------------------------------------ */

static void test_unknown_opsets_are_named(void **state)
{
    static const struct {
        const char *opset;
        int64_t     most;
        const char *said;
    } cases[] = {{"opset 13", 0, NULL},
                 {"opset 22", 0, NULL},
                 {"opset 25", 0, "is newer than 22"},
                 {"opset 25", 25, NULL},
                 {"opset 6", 0, "is older than 7"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char                        text[128];
        struct onnx_prepare_options options = {.max_opset = cases[i].most};
        struct onnx_changes         changes = {0};
        struct bsr_error            err = {0};
        snprintf(text, sizeof text, "%s\ninput x f32 1\ny = Neg(x)\noutput y f32 1\n", cases[i].opset);
        struct onnx_model *model = model_of_text(text);
        assert_int_equal(onnx_prepare(model, &options, &changes, &err), BSR_OK);
        assert_int_equal(changes.count, cases[i].said ? 1 : 0);
        if (cases[i].said) {
            assert_string_equal(changes.items[0].pass, "opset");
            assert_non_null(strstr(changes.items[0].text, cases[i].said));
        }
        onnx_changes_free(&changes);
        onnx_model_free(model);
    }
}

/* ---- the exports of ../shared
 * --------------------------------------------------------------------------------------- */

static struct onnx_model *shared_model(const char *name)
{
    char               path[1024];
    const char        *folder = getenv("BESRA_SHARED");
    struct bytes       bytes = {0};
    struct bsr_error   err = {0};
    struct onnx_model *model = NULL;

    snprintf(path, sizeof path, "%s/models/%s", folder ? folder : "", name);
    if (!folder || access(path, R_OK) != 0) {
        print_message("SKIPPED: %s is not there (BESRA_SHARED)\n", path);
        skip();
    }
    assert_int_equal(file_read(&bytes, path, (size_t)1 << 28, &err), BSR_OK);
    if (onnx_model_read(&model, bytes.data, bytes.size, NULL, name, &err) != BSR_OK)
        fail_msg("%s: %s", name, err.message);
    bytes_free(&bytes);
    return model;
}

static const struct {
    const char *name;
    int         height, width; /* of the input; 0: as declared */
    const char *left;          /* operators that must be gone */
} exports[] = {
    {"tutorial/asinh.onnx", 0, 0, NULL},
    {"tutorial/after_debug.onnx", 0, 0, "Identity"},
    {"tutorial/before_debug.onnx", 0, 0, "Debug"},
    {"tutorial/linear_func.onnx", 0, 0, NULL},
    {"tutorial/my_add.onnx", 0, 0, "Constant"},
    {"tutorial/partial_model.onnx", 0, 0, NULL},
    {"tutorial/whole_model.onnx", 0, 0, NULL},
    {"tutorial/dcn19.onnx", 0, 0, NULL},
    {"yolov5/yolov5n-dynamic.onnx", 64, 64,
     "Shape Range Constant ConstantOfShape Where Equal Expand Unsqueeze Gather"},
#if !defined(__SANITIZE_ADDRESS__)
    {"yolov5/yolov5n-dynamic.onnx", 640, 480, "Shape Range Constant ConstantOfShape Where Equal Expand"},
    {"classify/squeezenet1_1.onnx", 0, 0, NULL},
    {"classify/mobilenet_v2.onnx", 0, 0, "Identity"},
#endif
};

static void assert_export_is_the_same(size_t which)
{
    struct onnx_model          *model = shared_model(exports[which].name);
    struct bsr_tensor           inputs[MOST_OUTPUTS] = {{0}};
    struct onnx_value           first = onnx_input(model, 0);
    struct onnx_named           chosen = {.name = first.name};
    struct onnx_prepare_options options = {.chosen = &chosen, .opencv = 0};
    char                        name[64];

    snprintf(name, sizeof name, "%s", first.name);
    chosen.name = name;
    if (exports[which].height) {
        first.shape[0] = 1;
        first.shape[2] = exports[which].height;
        first.shape[3] = exports[which].width;
        chosen.tensor = (struct bsr_tensor){.dims = first.dims};
        memcpy(chosen.tensor.shape, first.shape, sizeof first.shape);
        options.chosen_count = 1;
    }
    inputs[0] = random_tensor(first.element_type, first.dims, first.shape, which);
    for (int i = 1; i < onnx_input_count(model); i++) {
        struct onnx_value input = onnx_input(model, i);
        inputs[i] = random_tensor(input.element_type, input.dims, input.shape, which + (uint64_t)i);
    }
    struct outputs before = outputs_for(model, inputs);
    assert_prepared_is_the_same(exports[which].name, model, &options, inputs, &before, 0.0);

    char  left[256] = "";
    char *rest = left;
    snprintf(left, sizeof left, "%s", exports[which].left ? exports[which].left : "");
    for (char *type; (type = strsep(&rest, " ")) && *type;)
        if (onnx_node_count(model, type))
            fail_msg("%s: %d x %s are left", exports[which].name, onnx_node_count(model, type), type);
    outputs_free(&before);
    free_inputs(inputs);
    onnx_model_free(model);
}

static void test_exports_give_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof exports / sizeof *exports; i++)
        assert_export_is_the_same(i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_graphs_give_the_same),
        cmocka_unit_test(test_passes_work_in_any_order),
        cmocka_unit_test(test_preparing_survives_any_failed_allocation),
        cmocka_unit_test(test_unknown_opsets_are_named),
        cmocka_unit_test(test_exports_give_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
