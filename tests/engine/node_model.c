#include "tests/engine/node_model.h"

#include "base/alloc.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- protobuf: tags, numbers and lengths ----------------------------------------------------- */

static void put_varint(struct bytes *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        bytes_append(out, &(uint8_t){(uint8_t)(value | 0x80)}, 1);
    bytes_append(out, &(uint8_t){(uint8_t)value}, 1);
}

static void put_number(struct bytes *out, unsigned field, int64_t value)
{
    put_varint(out, field << 3);
    put_varint(out, (uint64_t)value);
}

static void put_block(struct bytes *out, unsigned field, const void *data, size_t size)
{
    put_varint(out, field << 3 | 2);
    put_varint(out, size);
    if (size)
        bytes_append(out, data, size);
}

static void put_text(struct bytes *out, unsigned field, const char *text)
{
    put_block(out, field, text, strlen(text));
}

static void put_float(struct bytes *out, unsigned field, float value)
{
    put_varint(out, field << 3 | 5);
    bytes_append(out, &value, sizeof value);
}

/* Appends `inner` as a message and empties it. */
static void put_message(struct bytes *out, unsigned field, struct bytes *inner)
{
    put_block(out, field, inner->data, inner->size);
    bytes_free(inner);
}

/* ---- numbers --------------------------------------------------------------------------------- */

static uint64_t random_state;

static float draw(enum node_numbers numbers)
{
    static const float extremes[] = {0, 1e-3F, 0.5F, 1, 3, 30, 100, 1e4F, 1e30F};

    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    uint32_t bits = (uint32_t)(random_state >> 33);
    float    unit = (float)(bits % 4001) / 2000 - 1; /* -1 .. 1 */
    if (numbers == NUMBERS_POSITIVE)
        return unit + 1.1F;
    if (numbers == NUMBERS_UNIT)
        return unit * 0.9F;
    if (numbers == NUMBERS_EXTREME && bits % 3)
        return (bits >> 20 & 1 ? -1.0F : 1.0F) * extremes[(bits >> 8) % 9];
    return unit * 2;
}

static void fill(struct bsr_tensor *tensor, enum node_numbers numbers)
{
    assert_int_equal(tensor_alloc(tensor, NULL), BSR_OK);
    for (size_t i = 0; i < tensor_count(tensor); i++)
        tensor_set(tensor, i, (double)draw(numbers));
}

/* ---- the line of text ------------------------------------------------------------------------ */

static const char *parse_shape(struct bsr_tensor *tensor, const char *text)
{
    for (char *end; isdigit((unsigned char)*text); text = *end == 'x' ? end + 1 : end) {
        assert_true(tensor->dims < BSR_MAX_DIMS);
        tensor->shape[tensor->dims++] = strtoll(text, &end, 10);
    }
    return text;
}

static void put_tensor(struct bytes *graph, const char *name, const struct bsr_tensor *tensor)
{
    struct bytes inner = {0};
    for (int i = 0; i < tensor->dims; i++)
        put_number(&inner, 1, tensor->shape[i]);
    put_number(&inner, 2, tensor->type);
    put_text(&inner, 8, name);
    put_block(&inner, 9, tensor->data, tensor_bytes(tensor));
    put_message(graph, 5, &inner);
}

/* A constant: "4x2", "(0.5,1)", "0.5", "[1,-1]". */
static void parse_constant(struct bytes *graph, const char *name, const char *text, enum node_numbers numbers)
{
    struct bsr_tensor tensor = {.type = *text == '[' ? BSR_I64 : BSR_F32};
    double            values[16];
    int               count = 0;
    bool              list = *text == '[' || *text == '(';

    if (!list && !strchr(text, '.')) {
        parse_shape(&tensor, text);
        fill(&tensor, numbers);
    } else {
        char *end;
        for (const char *at = text + list; count < 16; at = end + 1) {
            values[count] = strtod(at, &end);
            if (end == at)
                break;
            count++;
            if (*end != ',')
                break;
        }
        tensor.dims = list;
        tensor.shape[0] = count;
        assert_int_equal(tensor_alloc(&tensor, NULL), BSR_OK);
        for (int i = 0; i < count; i++)
            tensor_set(&tensor, (size_t)i, values[i]);
    }
    put_tensor(graph, name, &tensor);
    tensor_free(&tensor);
}

static int parse_type(const char **text)
{
#define TYPE_NAME(type, value, bytes, name)                                                                  \
    if (strncmp(*text, name ":", sizeof name) == 0) {                                                        \
        *text += sizeof name;                                                                                \
        return value;                                                                                        \
    }
    BSR_TYPE_LIST(TYPE_NAME)
#undef TYPE_NAME
    return BSR_F32;
}

static void put_value(struct bytes *graph, unsigned field, const char *name, const struct bsr_tensor *tensor)
{
    struct bytes shape = {0}, tensor_type = {0}, type = {0}, info = {0};

    for (int i = 0; tensor && i < tensor->dims; i++) {
        struct bytes side = {0};
        put_number(&side, 1, tensor->shape[i]);
        put_message(&shape, 1, &side);
    }
    put_number(&tensor_type, 1, tensor ? tensor->type : BSR_F32);
    if (tensor)
        put_message(&tensor_type, 2, &shape);
    put_message(&type, 1, &tensor_type);
    put_text(&info, 1, name);
    put_message(&info, 2, &type);
    put_message(graph, field, &info);
}

static void parse_input(struct node_model *model, struct bytes *graph, struct bytes *node, const char *token,
                        enum node_numbers numbers)
{
    const char *mark = token + strcspn(token, ":=");
    char        name[8];

    if (strcmp(token, "_") == 0) {
        put_text(node, 1, "");
        return;
    }
    assert_true(*mark && mark - token < (int)sizeof name);
    snprintf(name, sizeof name, "%.*s", (int)(mark - token), token);
    put_text(node, 1, name);
    if (*mark == '=') {
        parse_constant(graph, name, mark + 1, numbers);
        return;
    }
    for (int i = 0; i < model->input_count; i++)
        if (strcmp(model->names[i], name) == 0) /* read twice */
            return;
    assert_true(model->input_count < NODE_MODEL_INPUTS);
    struct bsr_tensor *tensor = &model->inputs[model->input_count].tensor;
    const char        *shape = mark + 1;
    tensor->type = parse_type(&shape);
    parse_shape(tensor, shape);
    fill(tensor, numbers);
    put_value(graph, 11, name, tensor);
    snprintf(model->names[model->input_count], sizeof name, "%s", name);
    model->inputs[model->input_count].name = model->names[model->input_count];
    model->input_count++;
}

/* AttributeProto.type: 1 float, 2 int, 3 text, 6 floats, 7 ints. */
static void parse_attribute(struct bytes *node, const char *token)
{
    struct bytes attribute = {0};
    const char  *mark = strchr(token, '='), *value = mark + 1;
    char         name[64];
    bool         floats = strchr(value, '.') != NULL;
    char        *end;

    assert_non_null(mark);
    snprintf(name, sizeof name, "%.*s", (int)(mark - token), token);
    put_text(&attribute, 1, name);
    if (*value == '\'') {
        put_block(&attribute, 4, value + 1, strlen(value) - 2);
        put_number(&attribute, 20, 3);
    } else if (*value == '[') {
        for (const char *at = value + 1; *at && *at != ']'; at = *end == ',' ? end + 1 : end) {
            double number = strtod(at, &end);
            if (floats)
                put_float(&attribute, 7, (float)number);
            else
                put_number(&attribute, 8, strtoll(at, &end, 10));
        }
        put_number(&attribute, 20, floats ? 6 : 7);
    } else if (floats) {
        put_float(&attribute, 2, strtof(value, NULL));
        put_number(&attribute, 20, 1);
    } else {
        put_number(&attribute, 3, strtoll(value, NULL, 10));
        put_number(&attribute, 20, 2);
    }
    put_message(node, 5, &attribute);
}

/* "custom.MyAdd-1" */
static int64_t parse_operator(struct bytes *node, const char *token, char domain[64])
{
    const char *dash = strrchr(token, '-'), *dot = strchr(token, '.');
    char        type[64];

    assert_non_null(dash);
    const char *start = dot && dot < dash ? dot + 1 : token;
    snprintf(domain, 64, "%.*s", start > token ? (int)(start - token - 1) : 0, token);
    snprintf(type, sizeof type, "%.*s", (int)(dash - start), start);
    put_text(node, 4, type);
    if (*domain)
        put_text(node, 7, domain);
    return strtoll(dash + 1, NULL, 10);
}

static void put_opset(struct bytes *out, const char *domain, int64_t version)
{
    struct bytes opset = {0};
    put_text(&opset, 1, domain);
    put_number(&opset, 2, version);
    put_message(out, 8, &opset);
}

void node_model_make(struct node_model *model, const char *text, enum node_numbers numbers)
{
    struct bytes node = {0}, graph = {0}, outputs = {0}, head = {0};
    char         line[512], domain[64] = "";
    int          part = 0, output_count = 1;
    int64_t      opset = 0;

    memset(model, 0, sizeof *model);
    random_state = 42;
    assert_true(strlen(text) < sizeof line);
    snprintf(line, sizeof line, "%s", text);
    char *rest = line;
    for (char *token; (token = strtok_r(rest, " ", &rest)) != NULL;) {
        if (strcmp(token, "|") == 0)
            part++;
        else if (part == 0 && !opset)
            opset = parse_operator(&head, token, domain);
        else if (part == 0)
            parse_input(model, &graph, &node, token, numbers);
        else if (part == 1)
            parse_attribute(&node, token);
        else
            output_count = atoi(token);
    }
    for (int i = 0; i < output_count; i++) {
        char name[16];
        snprintf(name, sizeof name, "y%d", i);
        put_text(&node, 2, name);
        put_value(&outputs, 12, name, NULL);
    }
    put_text(&node, 3, "/node");
    bytes_append(&node, head.data, head.size);
    bytes_free(&head);
    put_message(&graph, 1, &node);
    put_text(&graph, 2, "test");
    bytes_append(&graph, outputs.data, outputs.size);
    bytes_free(&outputs);

    put_number(&model->onnx, 1, 8);
    put_message(&model->onnx, 7, &graph);
    put_opset(&model->onnx, "", *domain ? 13 : opset);
    if (*domain)
        put_opset(&model->onnx, domain, opset);
    assert_false(model->onnx.failed);
}

void node_model_free(struct node_model *model)
{
    for (int i = 0; i < model->input_count; i++)
        tensor_free(&model->inputs[i].tensor);
    bytes_free(&model->onnx);
    memset(model, 0, sizeof *model);
}
