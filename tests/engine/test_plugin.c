/* Operators out of shared objects: docs/plugin.c as the build makes it, and some that are no plugins. */
#include "base/alloc.h"
#include "operators/registry.h"
#include "tests/engine/node_model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* In the folder of the build. */
static const char *plugin(const char *name)
{
    static char path[1024];
    snprintf(path, sizeof path, "%s/%s.so", PLUGIN_FOLDER, name);
    return path;
}

static void test_what_is_no_plugin_is_refused_with_the_reason(void **state)
{
    static const struct {
        const char *name;
        bsr_status  status;
        const char *says;
    } cases[] = {
        {"plugin_absent", BSR_EMISSING, "can't be opened: No such file"},
        {"plugin_no_abi", BSR_EUSAGE, "it does not define bsr_plugin_abi"},
        {"plugin_other_abi", BSR_EUSAGE, "was built for version 2 of the plugin interface, this besra has 1"},
        {"plugin_no_register", BSR_EUSAGE, "it does not define bsr_plugin_register()"},
        {"plugin_fails", BSR_EUSAGE, "registers no operators: no name.: an operator needs a name"},
        {"plugin_bad_status", BSR_EUSAGE, "registers no operators: it does not say why"},
        {"plugin_taken", BSR_EEXIST, "an operator of this name was registered before"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bsr_error err = {0};
        const char      *path = plugin(cases[i].name);
        assert_int_equal(bsr_plugin_load(path, &err), cases[i].status);
        assert_string_equal(err.subject, path);
        if (!strstr(err.message, cases[i].says))
            fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].name, err.message, cases[i].says);
        assert_int_equal(bsr_plugin_load(path, NULL), cases[i].status);
    }
    struct bsr_error err = {0};
    assert_int_equal(bsr_plugin_load(BESRA_SOURCE_DIR "/README.md", &err), BSR_EMISSING);
    assert_non_null(strstr(err.message, "is no plugin that can be loaded: "));
    assert_int_equal(bsr_plugin_load("", &err), BSR_EUSAGE);
    assert_int_equal(bsr_plugin_load(NULL, &err), BSR_EUSAGE);
}

/* A file of the current folder needs no slash before its name. */
static void test_the_plugin_of_the_docs_runs_in_a_net(void **state)
{
    struct bsr_error           err = {0};
    struct node_model          model;
    struct engine             *engine = NULL;
    const struct engine_value *outputs = NULL;
    int                        count = 0;

    (void)state;
    node_model_make(&model, "custom.MyAdd-1 a:2x3 b:2x3", NUMBERS_AROUND_ZERO);
    assert_int_equal(engine_open(&engine, model.onnx.data, model.onnx.size, NULL, "m", &err), BSR_EMODEL);
    assert_non_null(strstr(err.message, "custom.MyAdd"));

    if (bsr_plugin_load(plugin("plugin_my_add"), &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    assert_non_null(operators_find("custom", "MyAdd"));
    if (engine_open(&engine, model.onnx.data, model.onnx.size, NULL, "m", &err) != BSR_OK)
        fail_msg("%s: %s", err.subject, err.message);
    assert_int_equal(engine_run_any(engine, model.inputs, 2, &outputs, &count, &err), BSR_OK);
    assert_int_equal(count, 1);
    assert_true(tensor_same_shape(&outputs[0].tensor, &model.inputs[0].tensor));
    for (size_t i = 0; i < 6; i++) {
        double a = tensor_get(&model.inputs[0].tensor, i), b = tensor_get(&model.inputs[1].tensor, i);
        assert_true(fabs(tensor_get(&outputs[0].tensor, i) - (2 * a + b)) < 1e-6);
    }
    engine_close(engine);
    node_model_free(&model);
    assert_int_equal(bsr_plugin_load(plugin("plugin_my_add"), &err), BSR_EEXIST);
}

/* What its operator refuses is said with the node's name. */
static void test_a_plugins_refusal_is_the_models_error(void **state)
{
    struct bsr_error  err = {0};
    struct node_model model;
    struct engine    *engine = NULL;

    (void)state;
    node_model_make(&model, "custom.MyAdd-1 a:2x3 b:3x2", NUMBERS_AROUND_ZERO);
    assert_int_equal(engine_open(&engine, model.onnx.data, model.onnx.size, NULL, "m", &err), BSR_EMODEL);
    assert_non_null(strstr(err.message, "/node"));
    assert_non_null(strstr(err.message, "it adds floats of the same shape only"));
    node_model_free(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_no_plugin_is_refused_with_the_reason),
        cmocka_unit_test(test_the_plugin_of_the_docs_runs_in_a_net),
        cmocka_unit_test(test_a_plugins_refusal_is_the_models_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
