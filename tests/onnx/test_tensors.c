/* Tensors and attributes out of messages and back. */
#include "base/alloc.h"
#include "onnx/nodes.h"
#include "onnx/tensors.h"
#include "tests/onnx/graph_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- tensors
 * ------------------------------------------------------------------------------------------------ */

/* Three elements of a type as a message with typed fields, as exporters write small tensors. */
struct typed {
    Onnx__TensorProto proto;
    int64_t           dims[1];
    float             floats[3];
    int32_t           ints[3];
    int64_t           longs[3];
    double            doubles[3];
    uint64_t          unsigneds[3];
};

static Onnx__TensorProto *typed_tensor(struct typed *typed, int type, const double *values)
{
    *typed = (struct typed){.proto = ONNX__TENSOR_PROTO__INIT, .dims = {3}};
    Onnx__TensorProto *proto = &typed->proto;
    proto->n_dims = 1;
    proto->dims = typed->dims;
    proto->data_type = type;
    for (int i = 0; i < 3; i++) {
        typed->floats[i] = (float)values[i];
        typed->doubles[i] = values[i];
        typed->longs[i] = (int64_t)values[i];
        typed->ints[i] = type == BSR_F16    ? f32_to_f16((float)values[i])
                         : type == BSR_BF16 ? f32_to_bf16((float)values[i])
                                            : (int32_t)values[i];
        typed->unsigneds[i] = (uint64_t)typed->longs[i];
    }
    switch (type) {
    case BSR_F32:
        proto->float_data = typed->floats;
        proto->n_float_data = 3;
        break;
    case BSR_F64:
        proto->double_data = typed->doubles;
        proto->n_double_data = 3;
        break;
    case BSR_I64:
        proto->int64_data = typed->longs;
        proto->n_int64_data = 3;
        break;
    case BSR_U32:
    case BSR_U64:
        proto->uint64_data = typed->unsigneds;
        proto->n_uint64_data = 3;
        break;
    default:
        proto->int32_data = typed->ints;
        proto->n_int32_data = 3;
    }
    return proto;
}

static const int types[] = {
#define TYPE(type, value, bytes, name) type,
    BSR_TYPE_LIST(TYPE)
#undef TYPE
};

static bool is_signed(int type)
{
    return type != BSR_U8 && type != BSR_U16 && type != BSR_U32 && type != BSR_U64 && type != BSR_BOOL;
}

static void test_every_type_is_read_from_typed_fields_and_raw_data(void **state)
{
    (void)state;
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        const double       negative[3] = {-7, 1, 100}, bools[3] = {1, 0, 1}, positive[3] = {7, 1, 200};
        const double      *values = types[t] == BSR_BOOL ? bools : is_signed(types[t]) ? negative : positive;
        struct typed       typed;
        struct bsr_tensor  tensor = {0}, again = {0};
        Onnx__TensorProto *message = NULL;
        struct bsr_error   err;

        assert_int_equal(tensor_read(&tensor, typed_tensor(&typed, types[t], values), &err), BSR_OK);
        assert_int_equal(tensor.type, types[t]);
        assert_int_equal(tensor.dims, 1);
        for (size_t i = 0; i < 3; i++)
            assert_true(tensor_get(&tensor, i) == values[i]);
        assert_int_equal(tensor_message(&message, "t", &tensor, &err), BSR_OK);
        assert_int_equal(message->raw_data.len, 3 * tensor_type_size(types[t]));
        assert_int_equal(tensor_read(&again, message, &err), BSR_OK);
        assert_memory_equal(again.data, tensor.data, tensor_bytes(&tensor));
        tensor_message_free(message);
        tensor_free(&tensor);
        tensor_free(&again);
    }
}

/* Weights of gigabytes are looked at where they lie. */
static void test_a_view_copies_only_what_it_must(void **state)
{
    (void)state;
    const double      values[3] = {1, 0, 1};
    struct typed      typed;
    struct bsr_tensor view = {0};
    struct bsr_error  err;
    void             *owned = NULL;

    assert_int_equal(tensor_view(&view, &owned, typed_tensor(&typed, BSR_F32, values), &err), BSR_OK);
    assert_null(owned);
    assert_ptr_equal(view.data, typed.floats);

    assert_int_equal(tensor_view(&view, &owned, typed_tensor(&typed, BSR_U8, values), &err), BSR_OK);
    assert_non_null(owned);
    assert_memory_equal(view.data, "\1\0\1", 3);
    mem_free(owned);

    /* Any byte but 0 is true. */
    uint8_t odd[3] = {2, 0, 255};
    typed_tensor(&typed, BSR_BOOL, values)->has_raw_data = 1;
    typed.proto.raw_data.data = odd;
    typed.proto.raw_data.len = 3;
    assert_int_equal(tensor_view(&view, &owned, &typed.proto, &err), BSR_OK);
    assert_memory_equal(view.data, "\1\0\1", 3);
    mem_free(owned);

    /* Numbers at odd addresses are copied to even ones. */
    _Alignas(8) uint8_t bytes[16] = {0};
    typed_tensor(&typed, BSR_I32, values)->has_raw_data = 1;
    typed.proto.raw_data.data = bytes + 1;
    typed.proto.raw_data.len = 12;
    assert_int_equal(tensor_view(&view, &owned, &typed.proto, &err), BSR_OK);
    assert_non_null(owned);
    mem_free(owned);

    /* Nothing is known, too: data is not NULL. */
    typed_tensor(&typed, BSR_F32, values)->n_float_data = 0;
    typed.dims[0] = 0;
    assert_int_equal(tensor_view(&view, &owned, &typed.proto, &err), BSR_OK);
    assert_non_null(view.data);
    assert_null(owned);
}

static void test_what_is_no_tensor_of_besra_is_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        int         type;
        int64_t     side;
        int         external;
        const char *why;
    } cases[] = {
        {8, 3, 0, "type string"},
        {14, 3, 0, "type complex64"},
        {17, 3, 0, "float8e4m3fn"},
        {22, 3, 0, "int4"},
        {99, 3, 0, "type 99"},
        {-5, 3, 0, "type -5"},
        {BSR_F32, 4, 0, "less data"},
        {BSR_F32, -1, 0, "impossible shape"},
        {BSR_F32, INT64_MAX, 0, "impossible shape"},
        {BSR_F32, 3, 1, "another file"},
    };
    const double values[3] = {1, 2, 3};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct typed      typed;
        struct bsr_tensor tensor = {.type = 77};
        struct bsr_error  err;
        typed_tensor(&typed, BSR_F32, values)->data_type = cases[i].type;
        typed.proto.data_location = cases[i].external;
        typed.dims[0] = cases[i].side;
        assert_int_equal(tensor_read(&tensor, &typed.proto, &err), BSR_EMODEL);
        if (!strstr(err.message, cases[i].why))
            fail_msg("'%s' does not say '%s'", err.message, cases[i].why);
        assert_int_equal(tensor.type, 77);
    }
}

static void test_tensors_survive_any_failed_allocation(void **state)
{
    (void)state;
    const double values[3] = {1, 2, 3};
    bsr_status   status = BSR_ENOMEM;

    for (size_t n = 1; status != BSR_OK; n++) {
        struct typed       typed;
        struct bsr_tensor  tensor = {0};
        Onnx__TensorProto *message = NULL;
        struct bsr_error   err;
        mem_fail_from(n);
        status = tensor_read(&tensor, typed_tensor(&typed, BSR_I16, values), &err);
        if (status == BSR_OK)
            status = tensor_message(&message, "t", &tensor, &err);
        if (status == BSR_OK)
            status = tensor_assign(message, &tensor, &err);
        mem_fail_from(0);
        assert_true(status == BSR_OK || status == BSR_ENOMEM);
        tensor_message_free(message);
        tensor_free(&tensor);
    }
}

/* ---- attributes
 * ----------------------------------------------------------------------------------------------- */

static void test_attributes_are_read_by_their_kind(void **state)
{
    (void)state;
    struct onnx_model *model =
        model_of_text("opset my 3\ninput x f32 1\n"
                      "y = my.Op(x) i=-4 f=0.5 s='half' is=[1,2,3] fs=[1.,2.5] ref=@outer\noutput y\n");
    const Onnx__NodeProto *proto = model->proto->graph->node[0];
    struct bsr_node       *node = NULL;
    struct bsr_error       err;
    int                    count;

    assert_int_equal(node_read(&node, proto, node_opset(model, proto), &err), BSR_OK);
    assert_string_equal(bsr_node_name(node), "/y");
    assert_int_equal(bsr_node_opset(node), 3);
    assert_string_equal(node->domain, "my");
    assert_string_equal(node->type, "Op");
    assert_int_equal(bsr_node_int(node, "i", 0), -4);
    assert_int_equal(bsr_node_int(node, "f", 9), 9); /* of another kind */
    assert_true(bsr_node_float(node, "f", 0) == 0.5F);
    assert_string_equal(bsr_node_text(node, "s", ""), "half");
    const int64_t *ints = bsr_node_ints(node, "is", &count);
    assert_int_equal(count, 3);
    assert_int_equal(ints[2], 3);
    const float *floats = bsr_node_floats(node, "fs", &count);
    assert_int_equal(count, 2);
    assert_true(floats[1] == 2.5F);
    assert_null(bsr_node_ints(node, "none", &count));
    assert_int_equal(bsr_node_int(node, "ref", 7), 7); /* stands for nothing yet */
    node_free(node);
    onnx_model_free(model);
}

static void test_debug_nodes_are_known_by_their_names(void **state)
{
    static const struct {
        const char *node;
        bool        debug;
    } cases[] = {
        {"y = my.Debug(x)", true},
        {"y = tools.print_tensor(x)", true},
        {"y = com.acme.IdentityProbe(x)", true},
        {"y = hawk.Sharpen(x)", false}, /* may compute anything */
        {"y = Debug(x)", false},        /* ONNX's own domain has none */
        {"y = ai.onnx.ml.Debug(x)", false},
        {"y = my.Debug(x, x)", false},
        {"y, z = my.Debug(x)", false},
        {"y = my.Debug(_)", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        snprintf(text, sizeof text, "input x f32 1\n%s\noutput y\n", cases[i].node);
        struct onnx_model *model = model_of_text(text);
        if (node_is_debug(model->proto->graph->node[0]) != cases[i].debug)
            fail_msg("%s", cases[i].node);
        onnx_model_free(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type_is_read_from_typed_fields_and_raw_data),
        cmocka_unit_test(test_a_view_copies_only_what_it_must),
        cmocka_unit_test(test_what_is_no_tensor_of_besra_is_refused_by_name),
        cmocka_unit_test(test_tensors_survive_any_failed_allocation),
        cmocka_unit_test(test_attributes_are_read_by_their_kind),
        cmocka_unit_test(test_debug_nodes_are_known_by_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
