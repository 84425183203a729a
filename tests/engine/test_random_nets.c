/* Whoever runs which part of a net, its numbers are those of besra's operators alone.
 *
 *     test_random_nets [COUNT [FIRST]]
 *
 * Nets number FIRST, FIRST + 1, ... */
#include "base/alloc.h"
#include "engine/engine.h"
#include "onnx/changes.h"
#include "tests/engine/random_net.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { INPUT_NUMBERS = 2 * 4 * 9 * 20 };

static unsigned long count_of_nets = 400, first_net;

/* f32 through up to 40 nodes, whose order of adding differs: of the largest number of an output. */
static const double tolerance = 1e-3;

struct run {
    struct engine             *engine;
    const struct engine_value *outputs;
    int                        count;
};

static struct run run(const struct bytes *onnx, const char *backend, const int64_t shape[4], float *input,
                      unsigned long seed)
{
    struct engine_options options = {.backend = backend};
    struct run            run = {.engine = NULL};
    struct bsr_error      err = {0};
    struct engine_value   x = {"x", {.data = input, .type = BSR_F32, .dims = 4}};

    memcpy(x.tensor.shape, shape, 4 * sizeof shape[0]);
    if (engine_open(&run.engine, onnx->data, onnx->size, &options, "net", &err) != BSR_OK ||
        engine_run_any(run.engine, &x, 1, &run.outputs, &run.count, &err) != BSR_OK)
        fail_msg("net %lu by %s: %s", seed, backend, err.message);
    return run;
}

static double largest(const struct bsr_tensor *tensor)
{
    double most = 1;

    for (size_t i = 0; i < tensor_count(tensor); i++)
        most = fmax(most, fabs(tensor_get(tensor, i)));
    return most;
}

static void assert_same(const struct engine_value *found, const struct engine_value *wanted,
                        const char *backend, unsigned long seed)
{
    const struct bsr_tensor *a = &found->tensor, *b = &wanted->tensor;
    double                   most = largest(b);

    if (a->type != b->type || !tensor_same_shape(a, b))
        fail_msg("net %lu by %s: '%s' is %s, not %s", seed, backend, found->name, tensor_shape_text(a).text,
                 tensor_shape_text(b).text);
    for (size_t i = 0; i < tensor_count(b); i++) {
        double x = tensor_get(a, i), y = tensor_get(b, i);
        if (!(fabs(x - y) <= tolerance * most) && !(isnan(x) && isnan(y)) && x != y)
            fail_msg("net %lu by %s: '%s' (%s) [%zu] is %g, not %g", seed, backend, found->name,
                     tensor_shape_text(b).text, i, x, y);
    }
}

/* Parts that are not OpenCV's. */
static int count_others(const struct engine *engine)
{
    const struct onnx_changes *changes = engine_changes(engine);
    int                        count = 0;

    for (size_t i = 0; i < changes->count; i++)
        count += strcmp(changes->items[i].pass, "engine") == 0;
    return count;
}

/* Whether besra runs all of it. */
static bool is_whole(const struct engine *engine)
{
    const struct onnx_changes *changes = engine_changes(engine);

    for (size_t i = 0; i < changes->count; i++)
        if (strstr(changes->items[i].text, "OpenCV runs none of it"))
            return true;
    return false;
}

static void test_parts_compute_what_the_whole_computes(void **state)
{
    float         input[INPUT_NUMBERS];
    unsigned long shared = 0, whole = 0;

    (void)state;
    engine_set_threads(1);
    for (unsigned long seed = first_net; seed < first_net + count_of_nets; seed++) {
        static const char *const backends[] = {"opencv", "auto"};
        int64_t                  shape[4];
        struct bytes             onnx = random_net(seed, shape);
        for (int i = 0; i < INPUT_NUMBERS; i++)
            input[i] = (float)((i * 7919 + (int)(seed % 2003) * 31) % 2003) / 1001.5F - 1;
        struct run wanted = run(&onnx, "besra", shape, input, seed);
        for (int b = 0; b < 2; b++) {
            struct run found = run(&onnx, backends[b], shape, input, seed);
            assert_int_equal(found.count, wanted.count);
            for (int i = 0; i < wanted.count; i++)
                assert_same(&found.outputs[i], &wanted.outputs[i], backends[b], seed);
            shared += b == 0 && count_others(found.engine) > 0 && !is_whole(found.engine);
            whole += b == 0 && is_whole(found.engine);
            engine_close(found.engine);
        }
        engine_close(wanted.engine);
        bytes_free(&onnx);
    }
    print_message("of %lu nets %lu are shared, of %lu OpenCV runs nothing\n", count_of_nets, shared, whole);
    if (count_of_nets >= 100)
        assert_true(shared > count_of_nets / 2 && whole < count_of_nets / 10);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_compute_what_the_whole_computes),
    };
    count_of_nets = argc > 1 ? strtoul(argv[1], NULL, 10) : count_of_nets;
    first_net = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
