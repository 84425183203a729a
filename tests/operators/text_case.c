#include "tests/operators/text_case.h"

#include "base/alloc.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

/* ---- tensors --------------------------------------------------------------------------------------- */

static int type_named(const char *name, size_t length)
{
    for (int type = 1; type <= BSR_BF16; type++)
        if (tensor_type_size(type) && strlen(tensor_type_name(type)) == length &&
            memcmp(tensor_type_name(type), name, length) == 0)
            return type;
    fail_msg("no type: %s", name);
    return 0;
}

static const char *skip_spaces(const char *at)
{
    while (*at == ' ')
        at++;
    return at;
}

static bool is_whole(int type)
{
    return type != BSR_F32 && type != BSR_F64 && type != BSR_F16 && type != BSR_BF16;
}

static const char *read_element(struct bsr_tensor *tensor, size_t i, const char *at)
{
    char *end;
    if (is_whole(tensor->type))
        tensor_set_int(tensor, i, strtoll(at, &end, 10));
    else
        tensor_set(tensor, i, strtod(at, &end));
    if (end == at)
        fail_msg("no number: %s", at);
    return end;
}

/* "f32[2,3] 1 2 3 4 5 6" or "f32[2,3] 0.."; returns what follows it. */
static const char *read_tensor(struct bsr_tensor *out, const char *at)
{
    const char *bracket = strchr(at, '[');
    char       *end = NULL;

    assert_non_null(bracket);
    *out = (struct bsr_tensor){.type = type_named(at, (size_t)(bracket - at))};
    for (at = bracket + 1; *at != ']'; at = *end == ',' ? end + 1 : end) {
        assert_true(out->dims < BSR_MAX_DIMS);
        out->shape[out->dims++] = strtoll(at, &end, 10);
        assert_true(end != at);
    }
    at = skip_spaces(at + 1);
    assert_int_equal(tensor_alloc(out, NULL), BSR_OK);
    bool counts = strncmp(at, "0..", 3) == 0;
    for (size_t i = 0; i < tensor_count(out); i++)
        if (counts)
            tensor_set_int(out, i, (int64_t)i);
        else
            at = skip_spaces(read_element(out, i, at));
    return counts ? skip_spaces(at + 3) : at;
}

/* "tensor; tensor; -" as that many tensors; those left out have the type 0. */
static int read_tensors(struct bsr_tensor *out, const char *at)
{
    int count = 0;

    for (at = skip_spaces(at); *at; at = skip_spaces(at)) {
        assert_true(count < TEXT_CASE_MAX);
        if (*at == '-')
            at = skip_spaces(at + 1);
        else
            at = read_tensor(&out[count], at);
        count++;
        if (*at != ';' && *at)
            fail_msg("too much: %s", at);
        at += *at == ';';
    }
    return count;
}

/* ---- attributes -------------------------------------------------------------------------------------- */

static const char *read_list(struct attribute *out, const char *at)
{
    int64_t *ints = mem_alloc(TEXT_CASE_MAX * sizeof *ints);
    float   *floats = mem_alloc(TEXT_CASE_MAX * sizeof *floats);
    char    *end;

    assert_true(ints && floats);
    out->kind = ATTRIBUTE_INTS;
    for (at++; *at != ']'; at = *end == ',' ? end + 1 : end) {
        assert_true(out->count < TEXT_CASE_MAX);
        ints[out->count] = strtoll(at, &end, 10);
        if (*end == '.')
            out->kind = ATTRIBUTE_FLOATS;
        floats[out->count++] = strtof(at, &end);
        assert_true(end != at);
    }
    out->ints = ints;
    out->floats = floats;
    return at + 1;
}

static const char *read_number(struct attribute *out, const char *at)
{
    char *end;
    out->kind = ATTRIBUTE_INT;
    out->i = strtoll(at, &end, 10);
    if (*end != '.')
        return end;
    out->kind = ATTRIBUTE_FLOAT;
    out->f = strtof(at, &end);
    return end;
}

static char *copy_part(const char *from, size_t length)
{
    char *text = mem_alloc_zeroed(length + 1, 1);
    assert_non_null(text);
    memcpy(text, from, length);
    return text;
}

/* "{Relu,Tanh}" */
static const char *read_texts(struct attribute *out, const char *at)
{
    size_t length = strcspn(at, "}");
    char  *texts = copy_part(at + 1, length - 1);

    out->kind = ATTRIBUTE_TEXTS;
    out->text = texts;
    out->count = 1;
    for (; (texts = strchr(texts, ',')); out->count++)
        *texts++ = '\0';
    return at + length + 1;
}

static const char *read_attribute(struct attribute *out, const char *at)
{
    size_t length = strcspn(at, "=");

    *out = (struct attribute){.name = copy_part(at, length)};
    at += length + 1;
    if (*at == '[')
        return read_list(out, at);
    if (*at == '{')
        return read_texts(out, at);
    if (*at == '-' ? isdigit((unsigned char)at[1]) : isdigit((unsigned char)*at))
        return read_number(out, at);
    if (*at == '<') {
        out->kind = ATTRIBUTE_TENSOR;
        return read_tensor(&out->tensor, at + 1) + 1;
    }
    length = strcspn(at, " ");
    out->kind = ATTRIBUTE_TEXT;
    out->text = copy_part(at, length);
    return at + length;
}

/* ---- calls --------------------------------------------------------------------------------------------- */

/* "ai.onnx.ml.Binarizer" is the operator Binarizer of the domain ai.onnx.ml. */
static const struct bsr_operator *find_operator(const char *name)
{
    for (int n = 0; operators_at(n); n++)
        if (strcmp(operators_at(n)->name, name) == 0)
            return operators_at(n);
    fail_msg("no operator: %s", name);
    return NULL;
}

struct text_call *text_call_open(const struct operator_case *row)
{
    struct text_call *text = mem_alloc_zeroed(1, sizeof *text);

    assert_non_null(text);
    text->op = find_operator(row->name);
    text->node = (struct bsr_node){
        .name = "node", .domain = "", .type = row->name, .opset = row->opset, .attributes = text->attributes};
    for (const char *at = skip_spaces(row->attributes); *at; at = skip_spaces(at)) {
        assert_true(text->node.attribute_count < TEXT_CASE_MAX);
        at = read_attribute(&text->attributes[text->node.attribute_count++], at);
    }
    text->call = (struct bsr_call){
        .node = &text->node, .inputs = text->pointers, .outputs = text->outputs, .output_count = 1};
    text->call.input_count = read_tensors(text->inputs, row->inputs);
    for (int i = 0; i < text->call.input_count; i++)
        text->pointers[i] = text->inputs[i].type ? &text->inputs[i] : NULL;
    if (row->outputs[0] == '!')
        text->refusal = row->outputs + 1 + (row->outputs[1] == ' ');
    else
        text->call.output_count = read_tensors(text->expected, row->outputs);
    return text;
}

void text_call_close(struct text_call *text)
{
    for (int i = 0; i < TEXT_CASE_MAX; i++) {
        tensor_free(&text->inputs[i]);
        tensor_free(&text->expected[i]);
        tensor_free(&text->outputs[i]);
        tensor_free(&text->attributes[i].tensor);
        mem_free((void *)text->attributes[i].name);
        mem_free((void *)text->attributes[i].text);
        mem_free((void *)text->attributes[i].ints);
        mem_free((void *)text->attributes[i].floats);
    }
    mem_free(text);
}

bsr_status text_call_run(struct text_call *text, size_t most, struct bsr_error *err)
{
    bsr_status status = text->op->shape(&text->call, err);

    for (int i = 0; status == BSR_OK && i < text->call.output_count; i++) {
        struct bsr_tensor *out = &text->outputs[i];
        out->data = NULL;
        if (tensor_bytes(out) > most)
            return bsr_fail(err, BSR_ELIMIT, NULL, "more than the test wants");
        status = tensor_alloc(out, err);
        if (status == BSR_OK)
            memset(out->data, 0xA5, tensor_bytes(out)); /* what is not written shows */
    }
    return status == BSR_OK ? text->op->run(&text->call, err) : status;
}
