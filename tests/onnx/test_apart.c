/* Nodes that must not stand side by side (onnx/apart.h). */
#include "onnx/apart.h"

#include "base/alloc.h"
#include "tests/onnx/graph_text.h"
#include "tests/onnx/outputs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Elu before Mul; HardSigmoid before Mul, unless both read the same. */
static bool apart(const char *maker, const char *reader, bool beside)
{
    if (strcmp(reader, "Mul") != 0)
        return false;
    return strcmp(maker, "Elu") == 0 || (strcmp(maker, "HardSigmoid") == 0 && !beside);
}

static const struct {
    const char *model;
    int         identities;
} cases[] = {
    {"input x f32 2 3\na = Elu(x)\ny = Mul(a, x)\noutput y f32 2 3\n", 1},
    {"input x f32 2 3\na = Elu(x)\ny = Mul(a, a)\noutput y f32 2 3\n", 2},
    {"input x f32 2 3\na = Elu(x)\nb = Relu(a)\ny = Mul(b, x)\noutput y f32 2 3\n", 0},
    {"input x f32 2 3\na = Elu(x)\nb = Mul(a, x)\ny = Mul(a, b)\noutput y f32 2 3\n", 2},
    {"input x f32 2 3\na = Elu(x)\ny = Mul(x, a)\noutput y f32 2 3\noutput a f32 2 3\n", 1},
    {"input x f32 2 3\ng = HardSigmoid(x)\ny = Mul(x, g)\noutput y f32 2 3\n", 0},
    {"input x f32 2 3\nb = Neg(x)\ng = HardSigmoid(x)\ny = Mul(b, g)\noutput y f32 2 3\n", 1},
    /* The gate has another reader, or is an output. */
    {"input x f32 2 3\ng = HardSigmoid(x)\na = Mul(x, g)\ny = Add(a, g)\noutput y f32 2 3\n", 1},
    {"input x f32 2 3\ng = HardSigmoid(x)\ny = Mul(x, g)\noutput y f32 2 3\noutput g f32 2 3\n", 1},
    /* Names that would be the new ones. */
    {"input x f32 2 3\na = Elu(x)\ny = Mul(a, x)\nz = Elu(y)\nw = Mul(z, a)\noutput w f32 2 3\n", 3},
};

static void test_an_identity_comes_between(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct onnx_model *model = model_of_text(cases[i].model);
        struct outputs     before = outputs_of(model, i);
        struct bsr_error   err = {0};

        assert_int_equal(onnx_keep_apart(model, apart, &err), BSR_OK);
        struct outputs after = outputs_of(model, i);
        assert_true(outputs_difference(&before, &after) == 0);
        if (onnx_node_count(model, "Identity") != cases[i].identities)
            fail_msg("case %zu: %d", i, onnx_node_count(model, "Identity"));
        assert_int_equal(onnx_keep_apart(model, apart, &err), BSR_OK); /* nothing is left to do */
        assert_int_equal(onnx_node_count(model, "Identity"), cases[i].identities);
        outputs_free(&before);
        outputs_free(&after);
        onnx_model_free(model);
    }
}

static void test_nodes_of_other_domains_are_no_neighbours(void **state)
{
    struct onnx_model *model = model_of_text("opset my 1\ninput x f32 2 3\na = my.Elu(x)\nb = Mul(a, x)\n"
                                             "c = Elu(b)\ny = my.Mul(c, x)\noutput y f32 2 3\n");

    (void)state;
    assert_int_equal(onnx_keep_apart(model, apart, NULL), BSR_OK);
    assert_int_equal(onnx_node_count(model, "Identity"), 0);
    onnx_model_free(model);
}

static void test_out_of_memory_is_reported(void **state)
{
    bsr_status status = BSR_ENOMEM;

    (void)state;
    for (size_t n = 1; status != BSR_OK; n++) {
        struct onnx_model *model = model_of_text(cases[3].model);
        struct bsr_error   err = {0};

        mem_fail_from(n);
        status = onnx_keep_apart(model, apart, &err);
        mem_fail_from(0);
        if (status != BSR_OK)
            assert_int_equal(status, BSR_ENOMEM);
        onnx_model_free(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_identity_comes_between),
        cmocka_unit_test(test_nodes_of_other_domains_are_no_neighbours),
        cmocka_unit_test(test_out_of_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
