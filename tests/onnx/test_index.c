/* The index of a graph's values, and the order of its nodes. */
#include "base/alloc.h"
#include "onnx/index.h"
#include "tests/onnx/graph_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct graph_index *index_of(const struct onnx_model *model)
{
    struct graph_index *index = NULL;
    struct bsr_error    err;
    assert_int_equal(index_make(&index, model->proto->graph, &err), BSR_OK);
    return index;
}

static const char nested[] = "input c bool\ninput x f32 2\n"
                             "init k f32 : 3\n"
                             "a = Add(x, k)\n"
                             "y = If(c)\n"
                             "begin then_branch\n"
                             "  b = Mul(a, a)\n"
                             "  d = If(c)\n"
                             "  begin then_branch\n"
                             "    a = Neg(b)\n" /* hides the outer a */
                             "    e = Add(a, k)\n"
                             "    output e\n"
                             "  end\n"
                             "  begin else_branch\n"
                             "    f = Add(a, b)\n"
                             "    output f\n"
                             "  end\n"
                             "  output d\n"
                             "end\n"
                             "begin else_branch\n"
                             "  output x\n"
                             "end\n"
                             "output y\noutput a\n";

static void test_makers_and_readers_are_found(void **state)
{
    (void)state;
    struct onnx_model        *model = model_of_text(nested);
    struct graph_index       *index = index_of(model);
    const struct index_entry *a = index_find(index, "a"), *x = index_find(index, "x"),
                             *k = index_find(index, "k");

    assert_int_equal(a->node, 0);
    assert_true(a->is_output);
    assert_false(a->twice);
    assert_int_equal(a->use_count, 4); /* Mul twice, the inner else_branch, the output */
    for (size_t u = 0; u < 3; u++) {
        assert_int_equal(a->uses[u].node, 1);
        assert_true(a->uses[u].inner);
        assert_string_equal(*a->uses[u].slot, "a");
    }
    assert_int_equal(a->uses[3].node, 2);
    assert_int_equal(x->input, 1);
    assert_int_equal(x->use_count, 2);
    assert_int_equal(k->initializer, 0);
    assert_int_equal(k->use_count, 2);
    assert_null(index_find(index, "b")); /* the subgraph's own */
    assert_null(index_find(index, ""));
    assert_null(index_find(index, "nothing"));
    assert_ptr_equal(index_producer(index, "y"), model->proto->graph->node[1]);
    assert_null(index_producer(index, "k"));
    assert_ptr_equal(index_initializer(index, "k"), model->proto->graph->initializer[0]);
    assert_int_equal(index_use_count(index, "c"), 2);
    index_free(index);
    onnx_model_free(model);
}

static void test_an_index_survives_any_failed_allocation(void **state)
{
    (void)state;
    struct onnx_model *model = model_of_text(nested);
    bsr_status         status = BSR_ENOMEM;

    for (size_t n = 1; status != BSR_OK; n++) {
        struct graph_index *index = NULL;
        size_t             *order = NULL;
        struct bsr_error    err;
        mem_fail_from(n);
        status = index_make(&index, model->proto->graph, &err);
        if (status == BSR_OK)
            status = index_sort(&order, index, &err);
        mem_fail_from(0);
        assert_true(status == BSR_OK || status == BSR_ENOMEM);
        mem_free(order);
        index_free(index);
    }
    onnx_model_free(model);
}

static void test_an_order_is_kept_or_made(void **state)
{
    static const struct {
        const char *text, *order;
    } cases[] = {
        {"input x f32 1\na = Neg(x)\nb = Neg(x)\nc = Add(a, b)\noutput c\n", "0 1 2 "},
        {"input x f32 1\nc = Add(a, b)\nb = Neg(x)\na = Neg(b)\noutput c\n", "1 2 0 "},
        {"input c bool\ninput x f32 1\n"
         "y = If(c)\nbegin then_branch\n r = Neg(k)\n output r\nend\nbegin else_branch\n output x\nend\n"
         "k = Abs(x)\noutput y\n",
         "1 0 "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct onnx_model  *model = model_of_text(cases[i].text);
        struct graph_index *index = index_of(model);
        struct bsr_error    err;
        size_t             *order = NULL;
        char                text[64] = "";
        assert_int_equal(index_sort(&order, index, &err), BSR_OK);
        for (size_t n = 0; n < model->proto->graph->n_node; n++)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%zu ", order[n]);
        assert_string_equal(text, cases[i].order);
        mem_free(order);
        index_free(index);
        onnx_model_free(model);
    }
}

/* A chain of 100,000 nodes, written from its end: what looks names up one by one, or sorts by trying, does
 * not come to an end here. */
static void test_long_chains_are_indexed_and_sorted(void **state)
{
    enum { NODES = 100000 };
    (void)state;
    size_t size = (size_t)NODES * 48 + 256, used = 0;
    char  *text = mem_alloc(size);

    used += (size_t)snprintf(text, size, "input v0 f32 1\noutput v%d\n", NODES);
    for (int n = NODES; n > 0; n--)
        used += (size_t)snprintf(text + used, size - used, "v%d = Neg(v%d)\n", n, n - 1);
    struct onnx_model  *model = model_of_text(text);
    struct graph_index *index = index_of(model);
    struct bsr_error    err;
    size_t             *order = NULL;
    assert_int_equal(index_sort(&order, index, &err), BSR_OK);
    for (size_t n = 0; n < NODES; n++)
        assert_int_equal(order[n], NODES - 1 - n);
    mem_free(order);
    index_free(index);
    onnx_model_free(model);
    mem_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_makers_and_readers_are_found),
        cmocka_unit_test(test_an_index_survives_any_failed_allocation),
        cmocka_unit_test(test_an_order_is_kept_or_made),
        cmocka_unit_test(test_long_chains_are_indexed_and_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
