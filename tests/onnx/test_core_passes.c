/* Passes on the shape of a graph: what each leaves of a small graph, that its outputs are as they were, and
 * that a second time there is nothing left to do. */
#include "base/alloc.h"
#include "onnx/passes/passes.h"
#include "tests/onnx/graph_text.h"
#include "tests/onnx/outputs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct pass_case {
    const char *name;
    onnx_pass  *pass;
    const char *model;
    const char *left; /* "a=Neg(x) y=Add(a,a)": the nodes; then " | w k": initializers */
};

static const struct pass_case cases[] = {
    /* ---- drop_no_ops ---- */
    {"chains of nothing", pass_drop_no_ops,
     "opset my 1\ninput x f32 2\na = Identity(x)\nb = Dropout(a)\nc = my.Debug(b)\nd = Neg(c)\ne = "
     "Identity(d)\n"
     "y = Abs(e)\noutput y\n",
     "d=Neg(x) y=Abs(d)"},
    {"in any order", pass_drop_no_ops,
     "input x f32 2\ny = Abs(c)\nc = Identity(b)\nb = Identity(a)\na = Neg(x)\noutput y\n",
     "y=Abs(a) a=Neg(x)"},
    {"the name of an output stays", pass_drop_no_ops,
     "input x f32 2\na = Neg(x)\nb = Abs(a)\ny = Identity(a)\noutput y\noutput b\n", "y=Neg(x) b=Abs(y)"},
    {"one value, many outputs", pass_drop_no_ops,
     "input x f32 2\na = Neg(x)\ny = Identity(a)\nz = Identity(a)\noutput y\noutput z\noutput a\n",
     "a=Neg(x) y=Identity(a) z=Identity(a)"},
    {"two outputs, one maker", pass_drop_no_ops,
     "input x f32 2\na = Neg(x)\ny = Identity(a)\nz = Identity(a)\noutput y\noutput z\n",
     "y=Neg(x) z=Identity(y)"},
    {"between the ends", pass_drop_no_ops,
     "opset my 1\ninput x f32 2\ninit k f32 : 2\ny = Identity(x)\nz = my.Debug(x)\nw = Identity(k)\noutput "
     "y\noutput z\noutput w\n",
     "y=Identity(x) z=Identity(x) w=Identity(k) | k"},
    {"a chain to an output", pass_drop_no_ops,
     "input x f32 2\na = Neg(x)\nb = Identity(a)\nc = Identity(b)\ny = Identity(c)\noutput y\n", "y=Neg(x)"},
    {"what does something stays", pass_drop_no_ops,
     "input x f32 2 3\ninit s i64 2 : 3 2\ninit p i64 4 : 0 0 0 1\ninit t bool : 1\ninit r f32 : 0.5\n"
     "a = Cast(x) to=10\nb = Transpose(x) perm=[1,0]\nc = Reshape(x, s)\nd = Pad(x, p)\ne = Concat(x, x) "
     "axis=0\n"
     "f, m = Dropout(x)\ng = Transpose(x)\noutput a\noutput b\noutput c\noutput d\noutput e\noutput "
     "m\noutput f\noutput g\n",
     "a=Cast(x) b=Transpose(x) c=Reshape(x,s) d=Pad(x,p) e=Concat(x,x) f,m=Dropout(x) g=Transpose(x) | s p t "
     "r"},
    {"what does nothing, by its shape and type", pass_drop_no_ops,
     "input x f32 2 3\ninit s i64 2 : 2 -1\ninit p i64 4 : 0 0 0 0\ninit e i64 2 : 1 3\ninit o i64 2 : 1 1\n"
     "a = Cast(x) to=1\nb = Transpose(a) perm=[0,1]\nc = Reshape(b, s)\nd = Pad(c, p)\ne1 = Concat(d) "
     "axis=0\n"
     "f = Sum(e1)\ng = Mean(f)\nh = Max(g)\ni = Flatten(h)\nj = Expand(i, e)\nk = Tile(j, o)\ny = "
     "Neg(k)\noutput y\n",
     "y=Neg(x) | s p e o"},
    {"pads that cut and add stay", pass_drop_no_ops,
     "input x f32 1 3\ninit p i64 4 : 0 1 0 -1\na = Pad(x, p)\ny = Neg(a)\noutput y\n",
     "a=Pad(x,p) y=Neg(a) | p"},
    {"readers in subgraphs follow", pass_drop_no_ops,
     "input c bool\ninput x f32 2\na = Identity(x)\ny = If(c)\n"
     "begin then_branch\n r = Neg(a)\n output r\nend\nbegin else_branch\n output a\nend\noutput y\n",
     "y=If(c){r=Neg(x)}{}"},
    {"but not to a name that is hidden there", pass_drop_no_ops,
     "input c bool\ninput x f32 2\na = Identity(x)\ny = If(c)\n"
     "begin then_branch\n x = Neg(a)\n output x\nend\nbegin else_branch\n output a\nend\noutput y\n",
     "a=Identity(x) y=If(c){x=Neg(a)}{}"},
    /* ---- fold_constants ---- */
    {"Constant nodes", pass_fold_constants,
     "input x f32 2\nc = Constant() value_floats=[1.,2.]\ny = Add(x, c)\noutput y\n", "y=Add(x,c) | c"},
    {"shapes", pass_fold_constants,
     "input x f32 2 3 4\ninit zero i64 : 0\ninit axis i64 1 : 0\ninit rest i64 1 : -1\n"
     "s = Shape(x)\nn = Gather(s, zero)\nu = Unsqueeze(n, axis)\nt = Concat(u, rest) axis=0\ny = Reshape(x, "
     "t)\noutput y\n",
     "y=Reshape(x,t) | zero axis rest s n u t"},
    {"an output of the graph is one still", pass_fold_constants,
     "input x f32 2\na = Constant() value_float=2.\nb = Neg(a)\nc = Abs(b)\ny = Mul(x, c)\noutput y\noutput "
     "b\n",
     "b=Identity(b value) y=Mul(x,c) | a b value c"},
    {"what subgraphs read", pass_fold_constants,
     "input c bool\ninput x f32 2\nk = Constant() value_float=2.\nm = Neg(k)\ny = If(c)\n"
     "begin then_branch\n r = Add(x, m)\n output r\nend\nbegin else_branch\n output x\nend\noutput y\n",
     "y=If(c){r=Add(x,m)}{} | k m"},
    {"nothing to fold", pass_fold_constants, "input x f32 2\ny = Neg(x)\noutput y\n", "y=Neg(x)"},
    /* ---- remove_dead ---- */
    {"dead nodes and initializers", pass_remove_dead,
     "input x f32 2\ninput unread f32 1\ninput w f32 1\ninit w f32 1 : 1\ninit k f32 : 1\ninit d f32 : 1\n"
     "a = Add(x, d)\nb = Neg(a)\ny = Add(x, k)\nshape b f32 2\nshape y f32 2\noutput y\n",
     "y=Add(x,k) | k"},
    {"what only a subgraph reads lives", pass_remove_dead,
     "input c bool\ninput x f32 2\nk = Neg(x)\nd = Abs(x)\ny = If(c)\n"
     "begin then_branch\n r = Add(x, k)\n output r\nend\nbegin else_branch\n output x\nend\noutput y\n",
     "k=Neg(x) y=If(c){r=Add(x,k)}{}"},
    {"functions that nobody calls", pass_remove_dead,
     "opset my 1\ninput x f32 2\ny = Neg(x)\noutput y\nfunction my.F(v) -> (r)\n  r = Neg(v)\nend\n",
     "y=Neg(x)"},
    /* ---- resolve_if ---- */
    {"the branch that is taken", pass_resolve_if,
     "input x f32 2\ninit no bool : 0\nt = Abs(x)\ny = If(no)\n"
     "begin then_branch\n r = Neg(x)\n output r\nend\n"
     "begin else_branch\n init k f32 : 3\n a = Add(t, k)\n r = Mul(a, a)\n output r\nend\nz = Neg(y)\noutput "
     "z\n",
     "t=Abs(x) /y/a=Add(t,/y/k) y=Mul(/y/a,/y/a) z=Neg(y) | no /y/k"},
    {"branches that make nothing", pass_resolve_if,
     "input x f32 2\ninit yes bool : 1\na, b, c = If(yes)\n"
     "begin then_branch\n init k f32 : 3\n r = Neg(x)\n output k\n output x\n output r\nend\n"
     "begin else_branch\n output x\n output x\n output x\nend\noutput a\noutput b\noutput c\n",
     "c=Neg(x) a=Identity(/a/k) b=Identity(x) | yes /a/k"},
    {"an output given twice", pass_resolve_if,
     "input x f32 2\ninit yes bool : 1\na, b = If(yes)\n"
     "begin then_branch\n r = Neg(x)\n output r\n output r\nend\n"
     "begin else_branch\n output x\n output x\nend\noutput a\noutput b\n",
     "a=Neg(x) b=Identity(a) | yes"},
    {"names that are there already", pass_resolve_if,
     "input x f32 2\ninit yes bool : 1\n/y/r = Abs(x)\ny = If(yes)\n"
     "begin then_branch\n r = Neg(x)\n s = Neg(r)\n output s\nend\n"
     "begin else_branch\n output x\nend\nz = Add(y, /y/r)\noutput z\n",
     "/y/r=Abs(x) /y/r 2=Neg(x) y=Neg(/y/r 2) z=Add(y,/y/r) | yes"},
    {"a condition that is not known", pass_resolve_if,
     "input c bool\ninput x f32 2\ny = If(c)\nbegin then_branch\n r = Neg(x)\n output r\nend\n"
     "begin else_branch\n output x\nend\noutput y\n",
     "y=If(c){r=Neg(x)}{}"},
    {"subgraphs of a branch", pass_resolve_if,
     "input c bool\ninput x f32 2\ninit yes bool : 1\ny = If(yes)\n"
     "begin then_branch\n t = Neg(x)\n u = If(c)\n begin then_branch\n  t = Abs(x)\n  output t\n end\n"
     " begin else_branch\n  v = Add(t, t)\n  output v\n end\n output u\nend\n"
     "begin else_branch\n output x\nend\noutput y\n",
     "/y/t=Neg(x) y=If(c){/y/t 2=Abs(x)}{/y/v=Add(/y/t,/y/t)} | yes"},
    /* ---- inline_functions ---- */
    {"functions", pass_inline_functions,
     "opset my 1\ninput x f32 2\ny = my.F(x) by=3\nz = my.F(y)\noutput z\n"
     "function my.F(v) -> (r)\n  opset 13\n  t = Add(v, v)\n  r = my.G(t) to=@by\nend\n"
     "function my.G(v) -> (r)\n  opset 13\n  s = Neg(v)\n  r = Abs(s)\nend\n",
     "/y/t=Add(x,x) /y/r/s=Neg(/y/t) y=Abs(/y/r/s) /z/t=Add(y,y) /z/r/s=Neg(/z/t) z=Abs(/z/r/s)"},
    {"functions in subgraphs", pass_inline_functions,
     "opset my 1\ninput c bool\ninput x f32 2\ny = If(c)\n"
     "begin then_branch\n r = my.F(x)\n output r\nend\nbegin else_branch\n output x\nend\noutput y\n"
     "function my.F(v) -> (r)\n  opset 13\n  t = Neg(v)\n  r = Abs(t)\nend\n",
     "y=If(c){/r/t=Neg(x) r=Abs(/r/t)}{}"},
    {"inputs left out", pass_inline_functions,
     "opset my 1\ninput x f32 2\ny = my.F(x)\noutput y\n"
     "function my.F(v, low, high) -> (r)\n  opset 13\n  r = Clip(v, low, high)\nend\n",
     "y=Clip(x,,)"},
};

/* ---- a graph as a line
 * ---------------------------------------------------------------------------------------- */

struct line {
    char   text[4096];
    size_t used;
};

static void put(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct line *line, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    line->used += (size_t)vsnprintf(line->text + line->used, sizeof line->text - line->used, format, list);
    va_end(list);
    assert_true(line->used < sizeof line->text);
}

static void put_names(struct line *line, char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put(line, "%s%s", i ? "," : "", names[i]);
}

static void put_nodes(struct line *line, const Onnx__GraphProto *graph)
{
    for (size_t n = 0; n < graph->n_node; n++) {
        const Onnx__NodeProto *node = graph->node[n];
        put(line, "%s", n ? " " : "");
        put_names(line, node->output, node->n_output);
        put(line, "=%s(", node->op_type);
        put_names(line, node->input, node->n_input);
        put(line, ")");
        for (size_t a = 0; a < node->n_attribute; a++)
            if (node->attribute[a]->g) {
                put(line, "{");
                put_nodes(line, node->attribute[a]->g);
                put(line, "}");
            }
    }
}

static struct line line_of(const struct onnx_model *model)
{
    struct line             line = {.used = 0};
    const Onnx__GraphProto *graph = model->proto->graph;

    put_nodes(&line, graph);
    for (size_t i = 0; i < graph->n_initializer; i++)
        put(&line, "%s%s", i ? " " : " | ", graph->initializer[i]->name);
    return line;
}

/* ---- the promises
 * ----------------------------------------------------------------------------------------------- */

static const struct onnx_prepare_options no_options = {.chosen_count = 0};

static struct onnx_model *reread(const struct onnx_model *model)
{
    struct onnx_model *again = NULL;
    struct bytes       bytes = {0};
    struct bsr_error   err = {0};

    if (onnx_model_write(model, &bytes, &err) != BSR_OK ||
        onnx_model_read(&again, bytes.data, bytes.size, NULL, "again", &err) != BSR_OK)
        fail_msg("%s", err.message);
    bytes_free(&bytes);
    return again;
}

static void assert_same_outputs(const char *name, const struct outputs *before,
                                const struct onnx_model *model, uint64_t seed)
{
    struct outputs after = outputs_of(model, seed);
    double         apart = outputs_difference(&after, before);
    if (apart != 0.0)
        fail_msg("%s: outputs are %g apart", name, apart);
    outputs_free(&after);
}

static void test_each_pass_leaves_what_it_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct onnx_model  *model = model_of_text(cases[i].model);
        struct line         was = line_of(model);
        struct onnx_changes changes = {0};
        struct outputs      before = outputs_of(model, i);
        bool                changed = false, again = false;
        struct bsr_error    err = {0};

        if (cases[i].pass(model, &no_options, &changes, &changed, &err) != BSR_OK)
            fail_msg("%s: %s", cases[i].name, err.message);
        struct line is = line_of(model);
        if (strcmp(is.text, cases[i].left) != 0)
            fail_msg("%s: left is %s\nnot           %s", cases[i].name, is.text, cases[i].left);
        if (strcmp(is.text, was.text) != 0)
            assert_true(changed && changes.count);
        assert_same_outputs(cases[i].name, &before, model, i);

        struct onnx_model *file = reread(model);
        if (cases[i].pass(file, &no_options, NULL, &again, &err) != BSR_OK)
            fail_msg("%s: %s", cases[i].name, err.message);
        if (again || strcmp(line_of(file).text, cases[i].left) != 0)
            fail_msg("%s: a second time: %s", cases[i].name, line_of(file).text);
        onnx_model_free(file);
        outputs_free(&before);
        onnx_changes_free(&changes);
        onnx_model_free(model);
    }
}

static void test_passes_survive_any_failed_allocation(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bsr_status status = BSR_ENOMEM;
        for (size_t n = 1; status != BSR_OK; n++) {
            struct onnx_model  *model = model_of_text(cases[i].model);
            struct onnx_changes changes = {0};
            struct bsr_error    err = {0};
            bool                changed = false;

            mem_fail_from(n);
            status = cases[i].pass(model, &no_options, &changes, &changed, &err);
            mem_fail_from(0);
            if (status != BSR_OK && status != BSR_ENOMEM)
                fail_msg("%s: allocation %zu: %s", cases[i].name, n, err.message);
            onnx_changes_free(&changes);
            onnx_model_free(model);
        }
    }
}

/* ---- frozen inputs
 * ------------------------------------------------------------------------------------------------- */

static const char dynamic[] = "input x f32 ? 3\ninput factor f32 1\ninput w f32 1\ninit w f32 1 : 2\n"
                              "a = Mul(x, factor)\nb = Mul(a, w)\noutput b f32 ? 3\n";

static bsr_status freeze(struct onnx_model *model, const char *name, const char *value, bool with_data,
                         bool *changed, struct bsr_error *err)
{
    struct bsr_tensor           tensor = tensor_of_text(value);
    struct onnx_named           chosen = {.name = name, .tensor = tensor};
    struct onnx_prepare_options options = {.chosen = &chosen, .chosen_count = 1};

    if (!with_data)
        chosen.tensor.data = NULL;
    bsr_status status = pass_freeze_inputs(model, &options, NULL, changed, err);
    tensor_free(&tensor);
    return status;
}

static void test_an_input_with_a_value_becomes_an_initializer(void **state)
{
    (void)state;
    struct onnx_model *model = model_of_text(dynamic);
    struct bsr_error   err = {0};
    bool               changed = false;

    assert_int_equal(onnx_input_count(model), 2);
    assert_int_equal(freeze(model, "factor", "f32 1 : 3", true, &changed, &err), BSR_OK);
    assert_true(changed);
    assert_int_equal(onnx_input_count(model), 1);
    assert_string_equal(line_of(model).text, "a=Mul(x,factor) b=Mul(a,w) | w factor");
    assert_int_equal(onnx_input(model, 0).shape[0], -1);

    /* One that has a default has this value now. */
    assert_int_equal(freeze(model, "w", "f32 1 : 5", true, &changed, &err), BSR_OK);
    assert_int_equal(model->proto->graph->n_input, 1);
    struct bsr_tensor x = tensor_of_text("f32 1 3 : 1 2 3");
    struct outputs    outputs = outputs_for(model, &x);
    assert_string_equal(text_of_tensor(&outputs.tensors[0]), "f32 1 3 : 15 30 45");
    outputs_free(&outputs);
    tensor_free(&x);

    changed = false;
    assert_int_equal(freeze(model, "factor", "f32 1 : 3", true, &changed, &err), BSR_OK);
    assert_false(changed);
    onnx_model_free(model);
}

static void test_an_input_with_a_shape_has_it(void **state)
{
    (void)state;
    struct onnx_model *model =
        model_of_text("input x f32 ? 3\ninput z f32 ? 3\ninput free f32\ny = Add(x, z)\n"
                      "output y f32 ? 3\nshape y f32 ? 3\n");
    struct bsr_error err = {0};
    bool             changed = false;

    /* z's first side has the same symbol. */
    Onnx__TensorShapeProto *shape = model->proto->graph->input[1]->type->tensor_type->shape;
    mem_free(shape->dim[0]->dim_param);
    shape->dim[0]->dim_param =
        mem_copy_text(model->proto->graph->input[0]->type->tensor_type->shape->dim[0]->dim_param);
    assert_int_equal(freeze(model, "x", "f32 5 3 : 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0", false, &changed, &err),
                     BSR_OK);
    assert_true(changed);
    assert_int_equal(onnx_input(model, 0).shape[0], 5);
    assert_int_equal(onnx_input(model, 1).shape[0], 5);
    assert_int_equal(onnx_input(model, 1).shape[1], 3);
    assert_int_equal(onnx_output(model, 0).dims, 2);
    assert_int_equal(model->proto->graph->n_value_info, 0);
    changed = false;
    assert_int_equal(freeze(model, "x", "f32 5 3 : 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0", false, &changed, &err),
                     BSR_OK);
    assert_false(changed);
    onnx_model_free(model);
}

static void test_impossible_choices_are_refused(void **state)
{
    static const struct {
        const char *input, *value;
        bool        data;
        const char *why;
    } refused[] = {
        {"fctor", "f32 1 : 3", true, "input 'fctor' is none of the graph's"},
        {"factor", "i64 1 : 3", true, "is of f32, it can't be frozen to i64"},
        {"factor", "f32 2 : 3 4", true, "another shape than the 2"},
        {"x", "f32 3 : 1 2 3", false, "has 2 dimensions, not the 1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct onnx_model *model = model_of_text(dynamic);
        struct bsr_error   err = {0};
        bool               changed = false;
        assert_int_equal(freeze(model, refused[i].input, refused[i].value, refused[i].data, &changed, &err),
                         BSR_EMODEL);
        if (!strstr(err.message, refused[i].why))
            fail_msg("'%s' does not say '%s'", err.message, refused[i].why);
        onnx_model_free(model);
    }
}

/* ---- what would not end
 * ------------------------------------------------------------------------------------------------ */

static void test_functions_without_end_are_refused(void **state)
{
    (void)state;
    char   text[8192];
    size_t used = (size_t)snprintf(text, sizeof text, "opset my 1\ninput x f32 1\ny = my.F0(x)\noutput y\n");
    for (int i = 0; i < 30; i++) /* 2^30 nodes */
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "function my.F%d(v) -> (r)\n  t = my.F%d(v)\n  r = my.F%d(t)\nend\n", i,
                                 i + 1, i + 1);
    snprintf(text + used, sizeof text - used, "function my.F30(v) -> (r)\n  r = Neg(v)\nend\n");
    struct onnx_model *model = model_of_text(text);
    struct bsr_error   err = {0};
    bool               changed = false;

    assert_int_equal(pass_inline_functions(model, &no_options, NULL, &changed, &err), BSR_EMODEL);
    assert_non_null(strstr(err.message, "more than 131072 nodes"));
    onnx_model_free(model);

    model = model_of_text("opset my 1\ninput x f32 1\ny = my.F(x)\noutput y\n"
                          "function my.F(v) -> (r)\n  r = my.G(v)\nend\n"
                          "function my.G(v) -> (r)\n  r = my.F(v)\nend\n");
    assert_int_equal(pass_inline_functions(model, &no_options, NULL, &changed, &err), BSR_EMODEL);
    assert_non_null(strstr(err.message, "calls itself"));
    onnx_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_pass_leaves_what_it_should),
        cmocka_unit_test(test_passes_survive_any_failed_allocation),
        cmocka_unit_test(test_an_input_with_a_value_becomes_an_initializer),
        cmocka_unit_test(test_an_input_with_a_shape_has_it),
        cmocka_unit_test(test_impossible_choices_are_refused),
        cmocka_unit_test(test_functions_without_end_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
