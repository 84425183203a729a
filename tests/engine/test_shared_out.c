/* What OpenCV must not be given, and what comes of it then: chains that it takes for something else, tensors
 * that a small file blows up, names that nothing makes, 16-bit floats. */
#include "base/alloc.h"
#include "engine/engine.h"
#include "onnx/changes.h"
#include "tests/onnx/graph_text.h"
#include "tests/onnx/outputs.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static bsr_status open_text(struct engine **engine, const char *text, const char *backend,
                            struct bsr_error *err)
{
    struct engine_options options = {.backend = backend};
    struct onnx_model    *model = model_of_text(text);
    struct bytes          onnx = {0};

    assert_int_equal(onnx_model_write(model, &onnx, err), BSR_OK);
    onnx_model_free(model);
    bsr_status status = engine_open(engine, onnx.data, onnx.size, &options, "net", err);
    bytes_free(&onnx);
    return status;
}

static const struct engine_value *run_on(struct engine *engine, struct bsr_tensor *x, int *count)
{
    struct engine_value        input = {"x", *x};
    const struct engine_value *outputs = NULL;
    struct bsr_error           err = {0};

    if (engine_run_any(engine, &input, 1, &outputs, count, &err) != BSR_OK)
        fail_msg("%s", err.message);
    return outputs;
}

/* ---- chains -------------------------------------------------------------------------------------- */

#define HEAD                                                                                                 \
    "input x f32 2 3 4 5\ninit c f32 : 0.3\ninit two f32 : 2\ninit three f32 : 3\ninit one i64 1 : 1\n"

static const char *const chains[] = {
    /* Activations behind a product of two tensors, which OpenCV forgets. */
    HEAD "t = Transpose(x) perm=[0,1,3,2]\nm = MatMul(x, t)\ny = Relu(m)\noutput y f32 2 3 4 4",
    HEAD "t = Transpose(x) perm=[0,1,3,2]\nm = MatMul(x, t)\ny = Div(m, two)\noutput y f32 2 3 4 4",
    /* A factor taken into the base of a power. */
    HEAD "p = Pow(x, three)\ny = Mul(p, c)\noutput y f32 2 3 4 5",
    /* Softmax, also of another numerator, with the sum read elsewhere. */
    HEAD "e = Exp(x)\ns = ReduceSum(e, one)\ny = Div(e, s)\noutput y f32 2 3 4 5",
    HEAD "e = Exp(x)\nn = Neg(x)\ns = ReduceSum(e, one)\ny = Div(n, s)\noutput y f32 2 3 4 5",
    HEAD "e = Exp(x)\ns = ReduceSum(e, one)\nd = Div(e, s)\ny = Add(d, s)\noutput y f32 2 3 4 5",
    HEAD "m = ReduceMax(x) axes=[1]\nd = Sub(x, m)\ne = Exp(d)\ns = ReduceSum(e, one)\nl = Log(s)\n"
         "y = Sub(d, l)\noutput y f32 2 3 4 5",
    /* Lengths along other axes. */
    HEAD "l = ReduceL2(x) axes=[3]\ny = Div(x, l)\noutput y f32 2 3 4 5",
    HEAD "q = Mul(x, x)\ns = ReduceSum(q, one)\nm = Max(s, c)\nr = Sqrt(m)\ni = Reciprocal(r)\n"
         "y = Mul(x, i)\noutput y f32 2 3 4 5",
    /* Celu, of which OpenCV 4.6 reads the factors where they are not: it dies of it. */
    HEAD "d = Div(x, two)\ne = Elu(d)\ny = Mul(two, e)\noutput y f32 2 3 4 5",
    HEAD "d = Div(x, two)\ne = Elu(d)\ny = Mul(three, e)\noutput y f32 2 3 4 5",
    /* Gates of one tensor on another, and gates that others read. */
    HEAD "n = Neg(x)\ng = HardSigmoid(n) alpha=0.16666667 beta=0.5\ny = Mul(x, g)\noutput y f32 2 3 4 5",
    HEAD "g = HardSigmoid(x) alpha=0.16666667 beta=0.5\nm = Mul(x, g)\ny = Concat(m, g, g) axis=2\n"
         "output y f32 2 3 12 5",
    HEAD "n = Neg(x)\nd = Div(n, two)\ne = Erf(d)\na = Add(e, three)\nm = Mul(x, a)\ny = Mul(m, c)\n"
         "output y f32 2 3 4 5",
};

static void assert_same(const char *text, const struct bsr_tensor *found, const struct bsr_tensor *wanted)
{
    assert_true(tensor_same_shape(found, wanted));
    for (size_t i = 0; i < tensor_count(wanted); i++) {
        double a = tensor_get(found, i), b = tensor_get(wanted, i);
        if (!(fabs(a - b) <= 1e-4 * fmax(1, fabs(b))))
            fail_msg("%s: [%zu] is %g, not %g", text, i, a, b);
    }
}

static void test_chains_are_computed_as_they_are_written(void **state)
{
    struct bsr_tensor x = random_tensor(BSR_F32, 4, (const int64_t[]){2, 3, 4, 5}, 7);
    struct bsr_error  err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof chains / sizeof chains[0]; i++) {
        struct engine *found = NULL, *wanted = NULL;
        int            count = 0;

        if (open_text(&found, chains[i], "opencv", &err) != BSR_OK ||
            open_text(&wanted, chains[i], "besra", &err) != BSR_OK)
            fail_msg("%s: %s", chains[i], err.message);
        const struct engine_value *outputs = run_on(found, &x, &count);
        assert_same(chains[i], &outputs[0].tensor, &run_on(wanted, &x, &count)[0].tensor);
        engine_close(found);
        engine_close(wanted);
    }
    tensor_free(&x);
}

/* ---- sizes --------------------------------------------------------------------------------------- */

/* 1 GiB out of 1 KiB: OpenCV would try; besra's operators have a limit, and say so. */
static void test_what_a_small_file_blows_up_is_refused(void **state)
{
    static const char text[] = "input x f32 1 4 8 8\ninit f f32 4 : 1 1 32 32\n"
                               "a = Resize(x, _, f) mode='nearest' nearest_mode='floor' "
                               "coordinate_transformation_mode='asymmetric'\n"
                               "b = Resize(a, _, f) mode='nearest' nearest_mode='floor' "
                               "coordinate_transformation_mode='asymmetric'\n"
                               "y = Relu(b)\noutput y f32 1 4 8192 8192\n";
    struct bsr_tensor x = random_tensor(BSR_F32, 4, (const int64_t[]){1, 4, 8, 8}, 7);

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct engine             *engine = NULL;
        struct engine_value        input = {"x", x};
        const struct engine_value *outputs = NULL;
        struct bsr_error           err = {0};
        int                        count = 0;

        assert_int_equal(open_text(&engine, text, i ? "auto" : "opencv", &err), BSR_OK);
        const struct onnx_changes *changes = engine_changes(engine);
        assert_true(changes->count > 0);
        assert_non_null(strstr(changes->items[changes->count - 1].text, "OpenCV runs none of it"));
        assert_int_equal(engine_run_any(engine, &input, 1, &outputs, &count, &err), BSR_ELIMIT);
        assert_non_null(strstr(err.message, "over the limit"));
        engine_close(engine);
    }
    tensor_free(&x);
}

/* ---- names --------------------------------------------------------------------------------------- */

static void test_what_nothing_makes_is_named(void **state)
{
    static const char *const texts[] = {
        "input x f32 2 3\na = Relu(x)\ny = Add(a, lost)\noutput y f32 2 3\n",
        "input x f32 2 3\na = Relu(x)\noutput a f32 2 3\noutput lost f32 2 3\n",
        "input x f32 2 3\ny = Add(lost, lost)\noutput y f32 2 3\n",
    };
    static const char *const backends[] = {"opencv", "auto", "besra"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] * 3; i++) {
        struct engine   *engine = NULL;
        struct bsr_error err = {0};
        bsr_status       status = open_text(&engine, texts[i / 3], backends[i % 3], &err);
        if (status != BSR_EMODEL || err.code != status || !strstr(err.message, "'lost'"))
            fail_msg("text %zu by %s: %d, %s", i / 3, backends[i % 3], status, err.message);
    }
}

/* ---- 16-bit floats ------------------------------------------------------------------------------- */

/* They are taken as they are, or as f32, and come out as f32. */
static void test_models_of_bf16_and_f16_run(void **state)
{
    static const char *const texts[] = {"input x bf16 2\ny = Neg(x)\noutput y bf16 2\n",
                                        "input x f16 2\ny = Neg(x)\noutput y f16 2\n"};
    static const int         types[] = {BSR_BF16, BSR_F16};

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct engine    *engine = NULL;
        struct bsr_error  err = {0};
        uint16_t          data[2] = {0};
        float             floats[2] = {1.5F, -2};
        struct bsr_tensor x = {.data = data, .type = types[i / 2], .dims = 1, .shape = {2}};
        int               count = 0;

        tensor_set(&x, 0, 1.5);
        tensor_set(&x, 1, -2);
        if (i % 2)
            x = (struct bsr_tensor){.data = floats, .type = BSR_F32, .dims = 1, .shape = {2}};
        assert_int_equal(open_text(&engine, texts[i / 2], "auto", &err), BSR_OK);
        const struct engine_value *outputs = run_on(engine, &x, &count);
        assert_int_equal(outputs[0].tensor.type, BSR_F32);
        assert_true(tensor_get(&outputs[0].tensor, 0) == -1.5 && tensor_get(&outputs[0].tensor, 1) == 2);
        engine_close(engine);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chains_are_computed_as_they_are_written),
        cmocka_unit_test(test_what_a_small_file_blows_up_is_refused),
        cmocka_unit_test(test_what_nothing_makes_is_named),
        cmocka_unit_test(test_models_of_bf16_and_f16_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
