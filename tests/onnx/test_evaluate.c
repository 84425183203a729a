/* The evaluator: order, constants, subgraphs, functions, debug nodes; what it refuses, and by which name.
 * Expected numbers are worked out by hand from ONNX's Operators.md. */
#include "base/alloc.h"
#include "onnx/evaluate.h"
#include "tests/onnx/graph_text.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 4 };

struct run_case {
    const char *name;
    const char *model;
    const char *inputs[MOST];
    const char *outputs[MOST];
};

static const struct run_case run_cases[] = {
    {"nodes in any order",
     "input x f32 2\n"
     "y = Add(b, a)\n"
     "b = Mul(a, a)\n"
     "a = Neg(x)\n"
     "output y\n",
     {"f32 2 : 1 3"},
     {"f32 2 : 0 6"}},
    {"constants, optional inputs left out, an output twice, an input as output",
     "input x f32 3\n"
     "init low f32 : -1\n"
     "c = Constant() value_floats=[1., 2., 3.]\n"
     "d = Add(x, c)\n"
     "y = Clip(d, _, high)\n"
     "high = Constant() value_float=4.\n"
     "output y\noutput y\noutput x\noutput low\n",
     {"f32 3 : 0 1 2"},
     {"f32 3 : 1 3 4", "f32 3 : 1 3 4", "f32 3 : 0 1 2", "f32 : -1"}},
    {"debug nodes hand on",
     "opset my 1\n"
     "input x f32 2\n"
     "a = my.Debug(x)\n"
     "y = Neg(a)\n"
     "z = tools.PrintTensor(y)\n"
     "output z\n",
     {"f32 2 : 1 2"},
     {"f32 2 : -1 -2"}},
    {"If reads the graph around it",
     "input c bool\ninput x f32 2\n"
     "t = Neg(x)\n"
     "y = If(c)\n"
     "begin then_branch\n"
     "  init k f32 : 10\n"
     "  r = Add(t, k)\n"
     "  output r\n"
     "end\n"
     "begin else_branch\n"
     "  output t\n"
     "end\n"
     "output y\n",
     {"bool : 1", "f32 2 : 1 2"},
     {"f32 2 : 9 8"}},
    {"the other branch",
     "input c bool 1\ninput x f32 2\n"
     "y = If(c)\n"
     "begin then_branch\n"
     "  r = Neg(x)\n"
     "  output r\n"
     "end\n"
     "begin else_branch\n"
     "  r = Concat(x, x) axis=0\n"
     "  output r\n"
     "end\n"
     "output y\n",
     {"bool 1 : 0", "f32 2 : 1 2"},
     {"f32 4 : 1 2 1 2"}},
    {"names of a subgraph hide those outside",
     "input c bool\ninput x f32 1\n"
     "v = Neg(x)\n"
     "y = If(c)\n"
     "begin then_branch\n"
     "  w = If(c)\n"
     "  begin then_branch\n"
     "    v = Add(x, x)\n"
     "    output v\n"
     "  end\n"
     "  begin else_branch\n"
     "    u = Identity(x)\n"
     "    output u\n"
     "  end\n"
     "  r = Add(w, v)\n" /* the inner v is not seen here */
     "  output r\n"
     "end\n"
     "begin else_branch\n"
     "  u = Identity(x)\n"
     "  output u\n"
     "end\n"
     "output y\n",
     {"bool : 1", "f32 1 : 3"},
     {"f32 1 : 3"}},
    /* i * x added up for i = 0..3: 0, x, 3x, 6x */
    {"Loop carries on and gathers",
     "input n i64\ninput x f32 2\n"
     "init zero f32 2 : 0 0\n"
     "last, all = Loop(n, _, zero)\n"
     "begin body\n"
     "  input i i64\n  input go bool\n  input sum f32 2\n"
     "  f = Cast(i) to=1\n"
     "  p = Mul(f, x)\n"
     "  s = Add(sum, p)\n"
     "  on = Identity(go)\n"
     "  copy = Identity(s)\n"
     "  output on\n  output s\n  output copy\n"
     "end\n"
     "output last\noutput all\n",
     {"i64 : 4", "f32 2 : 1 -1"},
     {"f32 2 : 6 -6", "f32 4 2 : 0 0 1 -1 3 -3 6 -6"}},
    {"Loop ends when its condition says so",
     "input x f32\n"
     "init yes bool : 1\ninit limit f32 : 20\n"
     "last = Loop(_, yes, x)\n"
     "begin body\n"
     "  input i i64\n  input go bool\n  input v f32\n"
     "  w = Add(v, v)\n"
     "  on = Less(w, limit)\n"
     "  output on\n  output w\n"
     "end\n"
     "output last\n",
     {"f32 : 3"},
     {"f32 : 24"}},
    {"Loop without a single turn",
     "input n i64\ninput x f32 2\n"
     "last, all = Loop(n, _, x)\n"
     "begin body\n"
     "  input i i64\n  input go bool\n  input v f32 2\n"
     "  w = Neg(v)\n"
     "  r = Identity(v)\n"
     "  on = Identity(go)\n"
     "  output on\n  output w f32 2\n  output r f32 2\n"
     "end\n"
     "output last\noutput all\n",
     {"i64 : 0", "f32 2 : 5 6"},
     {"f32 2 : 5 6", "f32 0 2 :"}},
    /* running sums of the rows */
    {"Scan goes through rows",
     "input start f32 2\ninput x f32 3 2\n"
     "last, all = Scan(start, x) num_scan_inputs=1\n"
     "begin body\n"
     "  input s f32 2\n  input row f32 2\n"
     "  t = Add(s, row)\n"
     "  u = Identity(t)\n"
     "  output t\n  output u\n"
     "end\n"
     "output last\noutput all\n",
     {"f32 2 : 0 0", "f32 3 2 : 1 2 3 4 5 6"},
     {"f32 2 : 9 12", "f32 3 2 : 1 2 4 6 9 12"}},
    /* columns from the last to the first; results put in front, along axis 1 */
    {"Scan goes backwards, along other axes",
     "input start f32 2\ninput x f32 2 3\n"
     "last, all = Scan(start, x) num_scan_inputs=1 scan_input_axes=[1] scan_input_directions=[1] "
     "scan_output_axes=[-1] scan_output_directions=[1]\n"
     "begin body\n"
     "  input s f32 2\n  input column f32 2\n"
     "  t = Add(s, column)\n"
     "  u = Identity(t)\n"
     "  output t\n  output u\n"
     "end\n"
     "output last\noutput all\n",
     {"f32 2 : 0 0", "f32 2 3 : 1 2 3 4 5 6"},
     {"f32 2 : 6 15", "f32 2 3 : 6 5 3 15 11 6"}},
    {"functions with attributes, defaults of callers, functions in them, subgraphs in them",
     "opset my 1\n"
     "input x f32 3\n"
     "y = my.Twice(x) axis=0\n"
     "output y\n"
     "function my.Twice(v) -> (r)\n"
     "  opset 13\n"
     "  a = my.Join(v, v) along=@axis\n"
     "  b = Constant() value_ints=[6]\n"
     "  yes = Constant() value_int=1\n"
     "  c = Cast(yes) to=9\n"
     "  d = If(c)\n"
     "  begin then_branch\n"
     "    k = Reshape(a, b)\n"
     "    output k\n"
     "  end\n"
     "  begin else_branch\n"
     "    k = Identity(a)\n"
     "    output k\n"
     "  end\n"
     "  r = Neg(d)\n"
     "end\n"
     "function my.Join(p, q) -> (r)\n"
     "  opset 13\n"
     "  n = Neg(q)\n"
     "  r = Concat(p, n) axis=@along\n"
     "end\n",
     {"f32 3 : 1 2 3"},
     {"f32 6 : -1 -2 -3 1 2 3"}},
    {"a function that hands on, one called twice, an output nobody wants",
     "opset my 1\n"
     "input x f32 1\n"
     "a, _ = my.Two(x)\n"
     "b, c = my.Two(a)\n"
     "y = Add(b, c)\n"
     "output y\noutput b\n"
     "function my.Two(v) -> (v, w)\n"
     "  opset 13\n"
     "  w = Add(v, v)\n"
     "end\n",
     {"f32 1 : 3"},
     {"f32 1 : 9", "f32 1 : 3"}},
    {"other types",
     "input x i64 2\ninput h f16 2\na = Add(x, x)\nb = Mul(h, h)\noutput a\noutput b\n",
     {"i64 2 : 100000 -2", "f16 2 : 1.5 3"},
     {"i64 2 : 200000 -4", "f16 2 : 2.25 9"}},
};

/* A run, and its outputs as text; "CODE sentence" where it fails. */
static void assert_runs(const struct run_case *want)
{
    struct onnx_model *model = model_of_text(want->model);
    struct evaluator  *evaluator = NULL;
    struct bsr_tensor  inputs[MOST] = {{0}}, outputs[MOST] = {{0}};
    struct bsr_error   err = {0};

    for (int i = 0; i < onnx_input_count(model); i++)
        inputs[i] = tensor_of_text(want->inputs[i]);
    bsr_status status = evaluator_open(&evaluator, model, &err);
    if (status == BSR_OK)
        status = evaluator_run(evaluator, inputs, outputs, NULL, NULL, &err);
    if (status != BSR_OK)
        fail_msg("%s: %s", want->name, err.message);
    for (int i = 0; i < onnx_output_count(model); i++) {
        if (strcmp(text_of_tensor(&outputs[i]), want->outputs[i]) != 0)
            fail_msg("%s: output %d is %s, not %s", want->name, i, text_of_tensor(&outputs[i]),
                     want->outputs[i]);
        tensor_free(&outputs[i]);
    }
    for (int i = 0; i < MOST; i++)
        tensor_free(&inputs[i]);
    evaluator_close(evaluator);
    onnx_model_free(model);
}

static void test_graphs_run_as_onnx_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof run_cases / sizeof *run_cases; i++)
        assert_runs(&run_cases[i]);
}

/* Every allocation fails once; what was not given out is not leaked (the sanitizer tells). */
static void test_runs_survive_any_failed_allocation(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof run_cases / sizeof *run_cases; c++) {
        bsr_status status = BSR_ENOMEM;
        for (size_t n = 1; status != BSR_OK; n++) {
            struct onnx_model *model = model_of_text(run_cases[c].model);
            struct evaluator  *evaluator = NULL;
            struct bsr_tensor  inputs[MOST] = {{0}}, outputs[MOST] = {{0}};
            struct bsr_error   err = {0};
            for (int i = 0; i < onnx_input_count(model); i++)
                inputs[i] = tensor_of_text(run_cases[c].inputs[i]);

            mem_fail_from(n);
            status = evaluator_open(&evaluator, model, &err);
            if (status == BSR_OK)
                status = evaluator_run(evaluator, inputs, outputs, NULL, NULL, &err);
            mem_fail_from(0);
            if (status != BSR_OK && status != BSR_ENOMEM)
                fail_msg("%s: allocation %zu: %s", run_cases[c].name, n, err.message);
            for (int i = 0; i < MOST; i++) {
                tensor_free(&inputs[i]);
                tensor_free(&outputs[i]);
            }
            evaluator_close(evaluator);
            onnx_model_free(model);
        }
    }
}

/* ---- what is refused --------------------------------------------------------------------------------------
 */

static const struct {
    const char *model;
    const char *input; /* NULL: refused when it is opened */
    const char *why;
} refused[] = {
    {"input x f32 1\ny = Sharpen(x)\noutput y\n", NULL, "node /y (Sharpen): this operator is unknown"},
    {"opset hawk 1\ninput x f32 1\ny = hawk.Sharpen(x)\noutput y\n", NULL, "node /y (hawk.Sharpen)"},
    {"input x f32 1\ny = SequenceConstruct(x)\noutput y\n", NULL, "(SequenceConstruct)"},
    {"opset ai.onnx.ml 1\ninput x f32 1\ny = ai.onnx.ml.Debug(x)\noutput y\n", NULL, "(ai.onnx.ml.Debug)"},
    {"input x f32 1\ny = Add(x, q)\noutput y\n", NULL, "value 'q' is read, but nothing makes it"},
    {"input x f32 1\ny = Neg(x)\ny = Abs(x)\noutput y\n", NULL, "value 'y' is made more than once"},
    {"input x f32 1\na = Add(x, b)\nb = Neg(a)\noutput b\n", NULL, "depends on its own result"},
    {"input c bool\ny = If(c)\nbegin then_branch\n  r = Neg(z)\n  output r\nend\noutput y\n", NULL, "'z'"},
    {"input c bool\nk = Constant() value_int=3\ny = If(c)\nbegin then_branch\n output k\nend\noutput y\n",
     NULL, "node /y (If): it has no else_branch"},
    {"input x f32 1\ny = Constant() value_string='a'\noutput y\n", NULL, "its value is text"},
    {"input x f32 2\ny = Neg(x)\noutput y\n", "i64 2 : 1 2", "input 'x' is of f32, it was given i64"},
    {"input x f32 2 ?\ny = Neg(x)\noutput y\n", "f32 3 1 : 1 2 3",
     "input 'x' is 2x-1 (-1: any), it was given 3x1"},
    {"input x f32 2\ny = Neg(x)\noutput y\n", "f32 1 2 : 1 2", "it was given 1x2"},
    {"input x f32 2\ninit k f32 3 : 1 2 3\ny = Add(x, k)\noutput y\n", "f32 2 : 1 2", "node /y (Add): "},
    {"input n i64\ninit s i64 3 : 9000000 9000000 9000000\nr = ConstantOfShape(s)\ny = Add(r, n)\noutput y\n",
     "i64 : 1", "node /r (ConstantOfShape)"},
    {"input n i64\ninit s i64 2 : 900000 1000\nr = ConstantOfShape(s)\ny = Size(r)\noutput y\noutput n\n",
     "i64 : 1", "would be over the limit of 512 MiB"},
    {"input x f32 1\nopset my 1\ny = my.F(x)\noutput y\nfunction my.F(v) -> (r)\n  opset 13\n  r = "
     "my.F(v)\nend\n",
     NULL, "a function of the model calls itself"},
    {"input x f32 1\nopset my 1\ny = my.F(x)\noutput y\nfunction my.F(v) -> (r)\n  opset 9\n  r = "
     "Neg(v)\nend\n",
     NULL, "opset 9"},
};

static void test_what_cannot_run_is_refused_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct onnx_model *model = model_of_text(refused[i].model);
        struct evaluator  *evaluator = NULL;
        struct bsr_tensor  input = {0}, outputs[MOST] = {{0}};
        struct bsr_error   err = {0};

        bsr_status status = evaluator_open(&evaluator, model, &err);
        if (refused[i].input) {
            if (status != BSR_OK)
                fail_msg("%s: %s", refused[i].why, err.message);
            input = tensor_of_text(refused[i].input);
            status = evaluator_run(evaluator, &input, outputs, NULL, NULL, &err);
        }
        assert_true(status == BSR_EMODEL || status == BSR_ELIMIT);
        if (!strstr(err.message, refused[i].why))
            fail_msg("'%s' does not say '%s'", err.message, refused[i].why);
        assert_string_equal(err.subject, "model");
        tensor_free(&input);
        evaluator_close(evaluator);
        onnx_model_free(model);
    }
}

static void test_a_loop_without_end_ends(void **state)
{
    (void)state;
    static const char  text[] = "input x f32\n"
                                "last, all = Loop(_, _, x)\n"
                                "begin body\n"
                                "  input i i64\n  input go bool\n  input v f32\n"
                                "  on = Identity(go)\n  w = Identity(v)\n"
                                "  s = Constant() value_ints=[1000, 10000]\n"
                                "  big = ConstantOfShape(s)\n"
                                "  output on\n  output w\n  output big\n"
                                "end\n"
                                "output last\noutput all\n";
    struct onnx_model *model = model_of_text(text);
    struct evaluator  *evaluator = NULL;
    struct bsr_tensor  input = tensor_of_text("f32 : 1"), outputs[2] = {{0}};
    struct bsr_error   err = {0};

    assert_int_equal(evaluator_open(&evaluator, model, &err), BSR_OK);
    assert_int_equal(evaluator_run(evaluator, &input, outputs, NULL, NULL, &err), BSR_ELIMIT);
    assert_non_null(strstr(err.message, "node /last (Loop): node /big (ConstantOfShape)"));
    tensor_free(&input);
    evaluator_close(evaluator);
    onnx_model_free(model);
}

/* ---- who looks on
 * ------------------------------------------------------------------------------------------ */

struct looks {
    char text[512];
    int  until; /* calls before it wants no more */
};

static bsr_status look(void *context, const char *value, const char *node, const struct bsr_tensor *tensor,
                       struct bsr_error *err)
{
    struct looks *looks = context;
    size_t        used = strlen(looks->text);

    if (looks->until-- == 0)
        return bsr_fail(err, BSR_ECANCELED, NULL, "seen enough");
    snprintf(looks->text + used, sizeof looks->text - used, "%s of %s is %s; ", value, node,
             text_of_tensor(tensor));
    return BSR_OK;
}

static void test_each_result_is_shown_once_in_order(void **state)
{
    (void)state;
    struct onnx_model *model = model_of_text("input x f32 2\n"
                                             "k = Constant() value_float=2.\n"
                                             "a = Mul(x, k)\n"
                                             "p, q = Split(a) axis=0\n"
                                             "output p\n");
    struct evaluator  *evaluator = NULL;
    struct bsr_tensor  input = tensor_of_text("f32 2 : 1 2"), output = {0};
    struct bsr_error   err = {0};
    struct looks       looks = {.until = -1};

    assert_int_equal(evaluator_open(&evaluator, model, &err), BSR_OK);
    assert_int_equal(evaluator_run(evaluator, &input, &output, look, &looks, &err), BSR_OK);
    assert_string_equal(looks.text, "k of /k is f32 : 2; a of /a is f32 2 : 2 4; p of /p is f32 1 : 2; "
                                    "q of /p is f32 1 : 4; ");
    tensor_free(&output);

    looks = (struct looks){.until = 2};
    assert_int_equal(evaluator_run(evaluator, &input, &output, look, &looks, &err), BSR_ECANCELED);
    assert_string_equal(err.message, "seen enough");
    tensor_free(&input);
    evaluator_close(evaluator);
    onnx_model_free(model);
}

/* ---- threads
 * ------------------------------------------------------------------------------------------------ */

static void *run_often(void *context)
{
    const struct evaluator *evaluator = context;
    struct bsr_tensor       input = {.type = BSR_I64, .dims = 0};
    int64_t                 trips;

    for (trips = 0; trips < 50; trips++) {
        struct bsr_tensor output = {0};
        struct bsr_error  err = {0};
        input.data = &trips;
        if (evaluator_run(evaluator, &input, &output, NULL, NULL, &err) != BSR_OK ||
            tensor_get(&output, 0) != (double)(trips * trips))
            return context;
        tensor_free(&output);
    }
    return NULL;
}

static void test_threads_share_an_evaluator(void **state)
{
    (void)state;
    struct onnx_model *model = model_of_text("input n i64\n" /* 1 + 3 + 5 + ... */
                                             "init zero i64 : 0\ninit one i64 : 1\n"
                                             "s = Loop(n, _, zero)\n"
                                             "begin body\n"
                                             "  input i i64\n  input go bool\n  input v i64\n"
                                             "  on = Identity(go)\n  d = Add(i, i)\n  o = Add(d, one)\n"
                                             "  w = Add(v, o)\n"
                                             "  output on\n  output w\n"
                                             "end\n"
                                             "output s\n");
    struct evaluator  *evaluator = NULL;
    struct bsr_error   err = {0};
    pthread_t          threads[4];

    assert_int_equal(evaluator_open(&evaluator, model, &err), BSR_OK);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_often, evaluator), 0);
    for (int i = 0; i < 4; i++) {
        void *failed = evaluator;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    evaluator_close(evaluator);
    onnx_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graphs_run_as_onnx_says),
        cmocka_unit_test(test_runs_survive_any_failed_allocation),
        cmocka_unit_test(test_what_cannot_run_is_refused_by_name),
        cmocka_unit_test(test_a_loop_without_end_ends),
        cmocka_unit_test(test_each_result_is_shown_once_in_order),
        cmocka_unit_test(test_threads_share_an_evaluator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
