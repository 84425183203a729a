/* Shapes and values that follow from a graph. */
#include "base/alloc.h"
#include "onnx/infer.h"
#include "tests/onnx/graph_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 6 };

/* "f32 2 3" for a shape, with ": numbers" for a value, "?" for nothing. */
static const char *known(const struct onnx_values *values, const char *name)
{
    const struct bsr_tensor *tensor = onnx_values_find(values, name);
    static char              text[256];

    if (!tensor)
        return "?";
    if (tensor->data)
        return text_of_tensor(tensor);
    snprintf(text, sizeof text, "%s %s", tensor_type_name(tensor->type), tensor_shape_text(tensor).text);
    return text;
}

static const struct {
    const char *name, *model;
    const char *chosen[2];     /* "x f32 1 2" or with ": numbers" */
    const char *want[MOST][2]; /* value, what is known */
} cases[] = {
    {"declared shapes go through",
     "input x f32 2 3\ny = Neg(x)\nz = Transpose(y)\noutput z\n",
     {NULL},
     {{"x", "f32 2x3"}, {"y", "f32 2x3"}, {"z", "f32 3x2"}, {"nothing", "?"}}},
    {"symbolic sides are not known until they are chosen",
     "input x f32 ? 3\ny = Neg(x)\noutput y f32 ? 3\n",
     {NULL},
     {{"x", "?"}, {"y", "?"}}},
    {"chosen shapes",
     "input x f32 ? 3\ny = Neg(x)\noutput y f32 ? 3\n",
     {"x f32 5 3"},
     {{"x", "f32 5x3"}, {"y", "f32 5x3"}}},
    {"a shape other than the declared one",
     "input x f32 2 3\ny = Neg(x)\noutput y f32 2 3\n",
     {"x f32 5 3"},
     {{"y", "f32 5x3"}}},
    {"chosen values",
     "input x f32 2\ninput k f32\ny = Mul(k, k)\nz = Mul(x, y)\noutput z\n",
     {"k f32 : 3"},
     {{"k", "f32 : 3"}, {"y", "f32 : 9"}, {"z", "f32 2"}}},
    /* what exporters write for "keep the batch, flatten the rest" */
    {"chains on shapes fold",
     "input x f32 2 3 4\n"
     "init zero i64 : 0\ninit axis i64 1 : 0\ninit rest i64 1 : -1\n"
     "s = Shape(x)\nn = Gather(s, zero)\nu = Unsqueeze(n, axis)\nt = Concat(u, rest) axis=0\n"
     "y = Reshape(x, t)\noutput y\n",
     {NULL},
     {{"s", "i64 3 : 2 3 4"}, {"t", "i64 2 : 2 -1"}, {"y", "f32 2x12"}}},
    {"what depends on numbers is left out",
     "input x f32 4\ny = NonZero(x)\nz = Neg(y)\nw = Neg(x)\noutput z\noutput w\n",
     {NULL},
     {{"y", "?"}, {"z", "?"}, {"w", "f32 4"}}},
    {"constants, debug nodes, unknown operators with a declared shape",
     "opset my 1\ninput x f32 4\nc = Constant() value_ints=[1,2]\nd = my.Debug(c)\n"
     "e = my.Mystery(x)\nf = Neg(e)\ng = my.Mystery(x)\nshape e f32 7\noutput f\noutput d\noutput g\n",
     {NULL},
     {{"d", "i64 2 : 1 2"}, {"e", "f32 7"}, {"f", "f32 7"}, {"g", "?"}}},
    {"If of a known condition",
     "input x f32 2\ninit yes bool : 1\n"
     "y = If(yes)\n"
     "begin then_branch\n k = Constant() value_ints=[5]\n output k\nend\n"
     "begin else_branch\n r = Neg(x)\n output r\nend\n"
     "output y\n",
     {NULL},
     {{"y", "i64 1 : 5"}}},
    {"If whose branches agree, or don't, or are nonsense",
     "input c bool\ninput x f32 2\n"
     "y = If(c)\n"
     "begin then_branch\n r = Neg(x)\n output r\nend\n"
     "begin else_branch\n r = Abs(x)\n output r\nend\n"
     "z = If(c)\n"
     "begin then_branch\n r = Neg(x)\n output r\nend\n"
     "begin else_branch\n r = Concat(x, x) axis=0\n output r\nend\n"
     "w = If(c)\n"
     "begin then_branch\n r = Neg(x)\n output r\nend\n"
     "begin else_branch\n r = Concat(x, x) axis=7\n output r\nend\n"
     "output y\noutput z\noutput w\n",
     {NULL},
     {{"y", "f32 2"}, {"z", "?"}, {"w", "?"}}},
    {"functions",
     "opset my 1\ninput x f32 2\ny = my.F(x)\noutput y\nfunction my.F(v) -> (r)\n  opset 13\n"
     "  r = Concat(v, v) axis=0\nend\n",
     {NULL},
     {{"y", "f32 4"}}},
    {"initializers that are inputs too",
     "input x f32 2\ninput w f32 2\ninit w f32 2 : 1 2\ny = Mul(x, w)\nz = Neg(w)\noutput y\noutput z\n",
     {NULL},
     {{"w", "f32 2 : 1 2"}, {"y", "f32 2"}, {"z", "f32 2 : -1 -2"}}},
    {"nothing at all", "input x f32 0 3\ny = Neg(x)\noutput y\n", {"x f32 0 3"}, {{"y", "f32 0x3"}}},
};

static int choose(struct onnx_named *chosen, char names[2][32], const char *const texts[2])
{
    int count = 0;

    for (; count < 2 && texts[count]; count++) {
        char        line[128];
        const char *rest = strchr(texts[count], ' ') + 1;
        bool        value = strchr(rest, ':');
        snprintf(names[count], 32, "%.*s", (int)(rest - texts[count] - 1), texts[count]);
        if (!value) { /* as many zeros as it takes, to be forgotten */
            snprintf(line, sizeof line, "%s : 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0", rest);
            rest = line;
        }
        chosen[count] = (struct onnx_named){.name = names[count], .tensor = tensor_of_text(rest)};
        if (!value)
            tensor_free(&chosen[count].tensor);
    }
    return count;
}

static void test_what_follows_is_known(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct onnx_model  *model = model_of_text(cases[c].model);
        struct onnx_values *values = NULL;
        struct onnx_named   chosen[2] = {{0}};
        char                names[2][32];
        struct bsr_error    err = {0};
        int                 count = choose(chosen, names, cases[c].chosen);

        if (onnx_infer(&values, model, chosen, count, &err) != BSR_OK)
            fail_msg("%s: %s", cases[c].name, err.message);
        for (int i = 0; i < count; i++)
            tensor_free(&chosen[i].tensor);
        for (int i = 0; i < MOST && cases[c].want[i][0]; i++)
            if (strcmp(known(values, cases[c].want[i][0]), cases[c].want[i][1]) != 0)
                fail_msg("%s: of %s is known %s, not %s", cases[c].name, cases[c].want[i][0],
                         known(values, cases[c].want[i][0]), cases[c].want[i][1]);
        onnx_values_free(values);
        onnx_model_free(model);
    }
}

static void test_inference_survives_any_failed_allocation(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct onnx_model *model = model_of_text(cases[c].model);
        struct onnx_named  chosen[2] = {{0}};
        char               names[2][32];
        int                count = choose(chosen, names, cases[c].chosen);
        bsr_status         status = BSR_ENOMEM;

        for (size_t n = 1; status != BSR_OK; n++) {
            struct onnx_values *values = NULL;
            struct bsr_error    err = {0};
            mem_fail_from(n);
            status = onnx_infer(&values, model, chosen, count, &err);
            mem_fail_from(0);
            if (status != BSR_OK && status != BSR_ENOMEM)
                fail_msg("%s: allocation %zu: %s", cases[c].name, n, err.message);
            onnx_values_free(values);
        }
        for (int i = 0; i < count; i++)
            tensor_free(&chosen[i].tensor);
        onnx_model_free(model);
    }
}

static void test_contradictions_are_refused_by_name(void **state)
{
    static const struct {
        const char *model, *why;
    } refused[] = {
        {"input x f32 2\ninput y f32 3\nz = Add(x, y)\noutput z\n", "node /z (Add): "},
        {"input x f32 2\ny = Neg(x)\noutput y f32 3\n",
         "output 'y' is declared as 3 (-1: any), its nodes make 2"},
        {"input x f32 2\na = Neg(b)\nb = Neg(a)\noutput b\n", "depends on its own result"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct onnx_model  *model = model_of_text(refused[i].model);
        struct onnx_values *values = NULL;
        struct bsr_error    err = {0};
        assert_int_equal(onnx_infer(&values, model, NULL, 0, &err), BSR_EMODEL);
        assert_null(values);
        if (!strstr(err.message, refused[i].why))
            fail_msg("'%s' does not say '%s'", err.message, refused[i].why);
        onnx_model_free(model);
    }
}

/* A few bytes that ask for gigabytes: 1000 tensors of 60 MB each. Only the first few are made. */
static void test_folding_keeps_to_its_limits(void **state)
{
    (void)state;
    static char text[64 * 1000];
    size_t      used = (size_t)snprintf(text, sizeof text, "init s i64 1 : 15000000\n");
    for (int n = 0; n < 1000; n++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "v%d = ConstantOfShape(s)\noutput v%d\n", n, n);
    struct onnx_model  *model = model_of_text(text);
    struct onnx_values *values = NULL;
    struct bsr_error    err;
    int                 computed = 0;

    assert_int_equal(onnx_infer(&values, model, NULL, 0, &err), BSR_OK);
    for (int n = 0; n < 1000; n++) {
        char name[16];
        snprintf(name, sizeof name, "v%d", n);
        const struct bsr_tensor *tensor = onnx_values_find(values, name);
        assert_int_equal(tensor->shape[0], 15000000);
        computed += tensor->data != NULL;
    }
    assert_in_range(computed, 1, 5);
    onnx_values_free(values);
    onnx_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_follows_is_known),
        cmocka_unit_test(test_inference_survives_any_failed_allocation),
        cmocka_unit_test(test_contradictions_are_refused_by_name),
        cmocka_unit_test(test_folding_keeps_to_its_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
