/* How a graph is split among an engine, fast kernels and besra's operators. Who takes a node is in its
 * operator: Relu and Conv are fast, Conv makes a region worth it, Abs is the engine's, Neg is nobody's but
 * besra's; Sigmoid is fast and the engine's. */
#include "base/alloc.h"
#include "base/bytes.h"
#include "onnx/index.h"
#include "onnx/regions.h"
#include "tests/onnx/graph_text.h"
#include "tests/onnx/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static bool is_one_of(const struct bsr_node *node, const char *types)
{
    const char *found = strstr(types, node->type);
    return found != NULL;
}

static const char *fast(void *context, const struct onnx_node_view *node)
{
    (void)context;
    return is_one_of(&node->node, "Relu Conv Sigmoid Add") ? NULL : "it is slow";
}

static bool worth(void *context, const struct onnx_node_view *node)
{
    (void)context;
    return is_one_of(&node->node, "Conv");
}

static const char *engine(void *context, const struct onnx_node_view *node)
{
    int *asked = context;
    if (asked)
        ++*asked;
    return is_one_of(&node->node, "Abs Sigmoid Add Conv") ? NULL : "the engine has none";
}

static struct onnx_split split_of(const struct onnx_model *model, bool with_fast, int *asked)
{
    const struct onnx_takers takers = {
        .engine = engine, .fast = with_fast ? fast : NULL, .worth = worth, .context = asked};
    struct onnx_split split = {.front = NULL};
    struct bsr_error  err = {0};

    if (onnx_split_make(&split, model, &takers, &err) != BSR_OK)
        fail_msg("%s", err.message);
    return split;
}

/* "fast(a b) besra(c) engine(d)": regions by their first node, names of the nodes by their outputs. */
static void describe(const struct onnx_split *split, struct bytes *text)
{
    for (int r = 0; r < split->region_count; r++) {
        const Onnx__GraphProto *graph = split->regions[r].model->proto->graph;
        bytes_append_format(text, "%s%s(", r ? " " : "", split->regions[r].fast ? "fast" : "besra");
        for (size_t n = 0; n < graph->n_node; n++)
            bytes_append_format(text, "%s%s", n ? " " : "", graph->node[n]->output[0]);
        bytes_append_text(text, ")");
    }
    for (size_t n = 0; n < split->front->proto->graph->n_node; n++) {
        const Onnx__NodeProto *node = split->front->proto->graph->node[n];
        if (strcmp(node->op_type, "Region") != 0)
            bytes_append_format(text, " %s", node->output[0]);
    }
}

static void check_split(const char *graph, bool with_fast, const char *expected)
{
    struct onnx_model *model = model_of_text(graph);
    struct onnx_split  split = split_of(model, with_fast, NULL);
    struct bytes       text = {0};

    describe(&split, &text);
    assert_string_equal(bytes_text(&text), expected);
    bytes_free(&text);
    onnx_split_free(&split);
    onnx_model_free(model);
}

#define CONV_ENDS "input x f32 1 1 4 4\ninit w f32 1 1 1 1 : 2\n"

static void test_fast_kernels_are_asked_first(void **state)
{
    (void)state;
    check_split(CONV_ENDS "a = Conv(x, w)\nb = Sigmoid(a)\nc = Abs(b)\noutput c f32 1 1 4 4\n", true,
                "fast(a b) c");
    check_split(CONV_ENDS "a = Conv(x, w)\nb = Sigmoid(a)\nc = Abs(b)\noutput c f32 1 1 4 4\n", false,
                " a b c");
}

/* Sigmoid goes to the engine, Relu, which that has not, to besra's operators. */
static void test_small_islands_are_left_to_others(void **state)
{
    (void)state;
    check_split(CONV_ENDS "a = Sigmoid(x)\nb = Abs(a)\nc = Relu(b)\nd = Abs(c)\noutput d f32 1 1 4 4\n", true,
                "besra(c) a b d");
}

/* Demoted nodes join what is beside them. */
static void test_islands_join_what_is_beside_them(void **state)
{
    (void)state;
    check_split(CONV_ENDS
                "a = Neg(x)\nb = Relu(a)\nc = Neg(b)\nd = Abs(c)\ne = Conv(d, w)\noutput e f32 1 1 4 4\n",
                true, "besra(a b c) fast(e) d");
}

/* One may not go round the other: a and c in one region would wait for b, which waits for a. */
static void test_regions_have_no_holes(void **state)
{
    (void)state;
    check_split(CONV_ENDS "a = Conv(x, w)\nb = Abs(a)\nc = Conv(a, w)\nd = Add(b, c)\noutput d f32 1 1 4 4\n",
                true, "fast(a c) b d");
    check_split(CONV_ENDS "a = Conv(x, w)\nb = Neg(a)\nc = Add(a, b)\nd = Conv(c, w)\noutput d f32 1 1 4 4\n",
                true, "fast(a) besra(b) fast(c d)");
}

/* Branches of one input are one region, though nothing joins them. */
static void test_what_reads_the_same_is_one_fast_region(void **state)
{
    (void)state;
    check_split(CONV_ENDS
                "a = Conv(x, w)\nb = Relu(x)\nc = Neg(x)\nd = Neg(x)\n"
                "output a f32 1 1 4 4\noutput b f32 1 1 4 4\noutput c f32 1 1 4 4\noutput d f32 1 1 4 4\n",
                true, "fast(a b) besra(c) besra(d)");
}

static void test_the_engine_is_asked_only_where_it_matters(void **state)
{
    struct onnx_model *model =
        model_of_text(CONV_ENDS "a = Conv(x, w)\nb = Relu(a)\nc = Abs(b)\noutput c f32 1 1 4 4\n");
    int               asked = 0;
    struct onnx_split split = split_of(model, true, &asked);

    (void)state;
    assert_int_equal(asked, 1);
    onnx_split_free(&split);
    onnx_model_free(model);
}

/* ---- graphs that nobody thought of ------------------------------------------------------------------ */

enum { GRAPHS = 300, MOST_NODES = 40 };

static struct onnx_model *random_dag(uint64_t *random)
{
    static const char *const types[] = {"Relu", "Conv", "Sigmoid", "Abs", "Neg", "Add", "Add", "Conv"};
    struct bytes             text = {0};
    int                      nodes = 3 + (int)(next_random(random) % (MOST_NODES - 3));

    bytes_append_text(&text, CONV_ENDS);
    for (int n = 0; n < nodes; n++) {
        const char *type = types[next_random(random) % 8];
        char        from[2][16];
        for (int i = 0; i < 2; i++) {
            int near = n < 6 ? n : 6, back = (int)(next_random(random) % (uint64_t)(near + 1));
            snprintf(from[i], sizeof from[i], back == near ? "x" : "v%d", n - 1 - back);
        }
        bytes_append_format(&text, "v%d = %s(%s%s%s)\n", n, type, from[0],
                            strcmp(type, "Add") == 0 ? ", " : "", strcmp(type, "Add") == 0 ? from[1] : "");
        if (strcmp(type, "Conv") == 0) { /* its weights */
            text.size -= 2;
            bytes_append_text(&text, ", w)\n");
        }
    }
    bytes_append_format(&text, "output v%d f32 1 1 4 4\n", nodes - 1);
    struct onnx_model *model = model_of_text(bytes_text(&text));
    bytes_free(&text);
    return model;
}

/* Whether each region holds what its runner takes, and whether the parts can be run one after the other. */
static void check_parts(const struct onnx_split *split, size_t nodes)
{
    struct graph_index *index = NULL;
    size_t             *order = NULL, seen = 0;

    for (int r = 0; r < split->region_count; r++) {
        const Onnx__GraphProto *graph = split->regions[r].model->proto->graph;
        bool                    is_worth = false;
        for (size_t n = 0; n < graph->n_node; n++) {
            const struct bsr_node node = {.type = graph->node[n]->op_type};
            is_worth = is_worth || is_one_of(&node, "Conv");
            if (split->regions[r].fast)
                assert_true(is_one_of(&node, "Relu Conv Sigmoid Add"));
            else
                assert_true(is_one_of(&node, "Neg Relu"));
        }
        if (split->regions[r].fast)
            assert_true(is_worth);
        seen += graph->n_node;
    }
    const Onnx__GraphProto *front = split->front->proto->graph;
    assert_int_equal(seen + front->n_node - (size_t)split->region_count, nodes);
    assert_int_equal(index_make(&index, front, NULL), BSR_OK);
    assert_int_equal(index_sort(&order, index, NULL), BSR_OK); /* no cycle */
    for (size_t n = 0; n < front->n_node; n++)
        assert_int_equal(order[n], n);
    mem_free(order);
    index_free(index);
}

static void test_random_graphs_are_split_into_parts_that_run_in_a_row(void **state)
{
    uint64_t random = 20;

    (void)state;
    for (int i = 0; i < GRAPHS; i++) {
        struct onnx_model *model = random_dag(&random);
        struct onnx_split  split = split_of(model, true, NULL);
        check_parts(&split, model->proto->graph->n_node);
        onnx_split_free(&split);
        onnx_model_free(model);
    }
}

static void test_failed_allocations_leave_nothing(void **state)
{
    struct onnx_model *model = model_of_text(
        CONV_ENDS "a = Conv(x, w)\nb = Neg(a)\nc = Add(a, b)\nd = Abs(c)\noutput d f32 1 1 4 4\n");
    const struct onnx_takers takers = {.engine = engine, .fast = fast, .worth = worth};
    struct onnx_split        split;
    struct bsr_error         err = {0};
    bsr_status               status = BSR_ENOMEM;

    (void)state;
    for (size_t n = 1; status != BSR_OK; n++) {
        mem_fail_from(n);
        status = onnx_split_make(&split, model, &takers, &err);
        mem_fail_from(0);
        assert_true(status == BSR_OK || status == BSR_ENOMEM);
    }
    onnx_split_free(&split);
    onnx_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fast_kernels_are_asked_first),
        cmocka_unit_test(test_small_islands_are_left_to_others),
        cmocka_unit_test(test_islands_join_what_is_beside_them),
        cmocka_unit_test(test_regions_have_no_holes),
        cmocka_unit_test(test_what_reads_the_same_is_one_fast_region),
        cmocka_unit_test(test_the_engine_is_asked_only_where_it_matters),
        cmocka_unit_test(test_random_graphs_are_split_into_parts_that_run_in_a_row),
        cmocka_unit_test(test_failed_allocations_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
