#include "tests/onnx/graph_text.h"

#include "base/alloc.h"
#include "base/tensor.h"
#include "onnx/make.h"
#include "onnx/tensors.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_NAMES = 600, DEEPEST = 8 };

/* What is being read: the graph or function that lines go to, and the rest of the line. */
struct text_reader {
    Onnx__ModelProto    *model;
    Onnx__GraphProto    *graphs[DEEPEST];
    Onnx__FunctionProto *functions[DEEPEST];
    Onnx__NodeProto     *last[DEEPEST]; /* which graphs belong to */
    int                  depth;
    const char          *at;
};

static void must(bsr_status status, const struct bsr_error *err)
{
    if (status != BSR_OK)
        fail_msg("%s", err->message);
}

static void append(void *array, size_t *count, void *item)
{
    struct bsr_error err;
    must(message_append(array, count, item, &err), &err);
}

/* ---- words ----------------------------------------------------------------------------------------------
 */

static void skip_blanks(struct text_reader *reader)
{
    while (*reader->at == ' ' || *reader->at == ',')
        reader->at++;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || strchr("_./:-+?*@", c);
}

/* The next word, "" at the end of the line or before a bracket; valid until 16 more are read. */
static const char *next_word(struct text_reader *reader)
{
    static char words[16][128];
    static int  turn;
    char       *word = words[turn++ % 16];
    size_t      length = 0;

    skip_blanks(reader);
    while (*reader->at && is_word(*reader->at) && length + 1 < sizeof words[0])
        word[length++] = *reader->at++;
    word[length] = '\0';
    return word;
}

static bool take(struct text_reader *reader, char c)
{
    skip_blanks(reader);
    if (*reader->at != c)
        return false;
    reader->at++;
    return true;
}

static int type_of_name(const char *name)
{
    for (int type = 1; type <= BSR_BF16; type++)
        if (tensor_type_size(type) && strcmp(tensor_type_name(type), name) == 0)
            return type;
    fail_msg("no type: '%s'", name);
    return 0;
}

/* Sides up to the end of the line or a colon. */
static int read_shape(struct text_reader *reader, int64_t *shape)
{
    int dims = 0;

    for (const char *word; *(word = next_word(reader)) && strcmp(word, ":") != 0;) {
        if (*word == '*')
            return -1;
        shape[dims++] = *word == '?' ? -1 : strtoll(word, NULL, 10);
    }
    return dims;
}

/* Type, sides, a colon, numbers. */
static struct bsr_tensor read_tensor(struct text_reader *reader)
{
    struct bsr_tensor tensor = {.type = type_of_name(next_word(reader))};
    struct bsr_error  err;
    char             *end;

    tensor.dims = read_shape(reader, tensor.shape);
    must(tensor_alloc(&tensor, &err), &err);
    for (size_t i = 0; i < tensor_count(&tensor); i++, reader->at = end) {
        double value = strtod(reader->at, &end);
        if (end == reader->at)
            fail_msg("too few numbers");
        tensor_set(&tensor, i, value);
    }
    return tensor;
}

struct bsr_tensor tensor_of_text(const char *text)
{
    struct text_reader reader = {.at = text};
    return read_tensor(&reader);
}

const char *text_of_tensor(const struct bsr_tensor *tensor)
{
    static char texts[4][2048];
    static int  turn;
    char       *text = texts[turn++ % 4];
    size_t      size = sizeof texts[0];
    size_t      used = (size_t)snprintf(text, size, "%s", tensor_type_name(tensor->type));

    for (int i = 0; i < tensor->dims; i++)
        used += (size_t)snprintf(text + used, size - used, " %lld", (long long)tensor->shape[i]);
    used += (size_t)snprintf(text + used, size - used, " :");
    for (size_t i = 0; i < tensor_count(tensor) && used + 32 < size; i++)
        used += (size_t)snprintf(text + used, size - used, " %g", tensor_get(tensor, i));
    return text;
}

/* ---- lines ----------------------------------------------------------------------------------------------
 */

static void read_opset(struct text_reader *reader)
{
    const char               *domain = next_word(reader), *version = next_word(reader);
    Onnx__OperatorSetIdProto *set = mem_alloc(sizeof *set);
    onnx__operator_set_id_proto__init(set);
    set->domain = mem_copy_text(*version ? domain : "");
    set->has_version = 1;
    set->version = strtoll(*version ? version : domain, NULL, 10);
    if (reader->depth && reader->functions[reader->depth])
        append(&reader->functions[reader->depth]->opset_import,
               &reader->functions[reader->depth]->n_opset_import, set);
    else
        append(&reader->model->opset_import, &reader->model->n_opset_import, set);
}

static Onnx__ValueInfoProto *read_value(struct text_reader *reader)
{
    const char           *name = next_word(reader), *type = next_word(reader);
    Onnx__ValueInfoProto *info = NULL;
    struct bsr_error      err;
    int64_t               shape[BSR_MAX_DIMS];
    int                   dims = *type ? read_shape(reader, shape) : -1;

    must(value_info_make(&info, name, *type ? type_of_name(type) : BSR_F32, dims, shape, &err), &err);
    return info;
}

static void read_initializer(struct text_reader *reader, Onnx__GraphProto *graph)
{
    const char        *name = next_word(reader);
    struct bsr_tensor  tensor = read_tensor(reader);
    Onnx__TensorProto *proto = NULL;
    struct bsr_error   err;

    must(tensor_message(&proto, name, &tensor, &err), &err);
    tensor_free(&tensor);
    append(&graph->initializer, &graph->n_initializer, proto);
}

/* name=value; false at the end of the line. */
static bool read_attribute(struct text_reader *reader, Onnx__NodeProto *node)
{
    const char      *name = next_word(reader);
    struct bsr_error err;
    double           numbers[64];
    int64_t          whole[64];
    float            floats[64];
    int              count = 0;

    if (!*name || !take(reader, '='))
        return false;
    if (take(reader, '\'')) {
        char   text[128];
        size_t length = strcspn(reader->at, "'");
        snprintf(text, sizeof text, "%.*s", (int)length, reader->at);
        reader->at += length + 1;
        must(node_add_text(node, name, text, &err), &err);
        return true;
    }
    if (take(reader, '@')) {
        must(node_add_int(node, name, 0, &err), &err);
        Onnx__AttributeProto *attribute = node->attribute[node->n_attribute - 1];
        attribute->has_i = 0;
        attribute->ref_attr_name = mem_copy_text(next_word(reader));
        return true;
    }
    bool list = take(reader, '['), fraction = false;
    for (const char *word; count < 64 && *(word = next_word(reader));) {
        fraction = fraction || strpbrk(word, ".e");
        numbers[count] = strtod(word, NULL);
        whole[count] = strtoll(word, NULL, 10);
        floats[count] = (float)numbers[count];
        count++;
        if (!list)
            break;
    }
    if (list)
        assert_true(take(reader, ']'));
    must(list       ? fraction ? node_add_floats(node, name, floats, count, &err)
                               : node_add_ints(node, name, whole, count, &err)
               : fraction ? node_add_float(node, name, floats[0], &err)
                    : node_add_int(node, name, whole[0], &err),
         &err);
    return true;
}

/* outputs = Type(inputs) attributes */
static void read_node(struct text_reader *reader)
{
    const char *inputs[MOST_NAMES], *outputs[MOST_NAMES];
    char        names[2 * MOST_NAMES][64], name[72], op[128];
    int         input_count = 0, output_count = 0, used = 0;

    for (const char *word; *(word = next_word(reader)) && output_count < MOST_NAMES; used++)
        outputs[output_count++] = strcpy(names[used], strcmp(word, "_") == 0 ? "" : word); /* NOLINT */
    assert_true(take(reader, '='));
    snprintf(op, sizeof op, "%s", next_word(reader));
    assert_true(take(reader, '('));
    for (const char *word; *(word = next_word(reader)) && input_count < MOST_NAMES; used++)
        inputs[input_count++] = strcpy(names[used], strcmp(word, "_") == 0 ? "" : word); /* NOLINT */
    assert_true(take(reader, ')'));
    snprintf(name, sizeof name, "/%s", output_count ? outputs[0] : "nothing");

    const struct node_parts parts = {.op = op,
                                     .name = name,
                                     .inputs = inputs,
                                     .outputs = outputs,
                                     .input_count = input_count,
                                     .output_count = output_count};
    struct bsr_error        err;
    must(node_make(&reader->last[reader->depth], &parts, &err), &err);
    while (read_attribute(reader, reader->last[reader->depth]))
        ;
    if (reader->functions[reader->depth])
        append(&reader->functions[reader->depth]->node, &reader->functions[reader->depth]->n_node,
               reader->last[reader->depth]);
    else
        append(&reader->graphs[reader->depth]->node, &reader->graphs[reader->depth]->n_node,
               reader->last[reader->depth]);
}

static Onnx__GraphProto *new_graph(const char *name)
{
    Onnx__GraphProto *graph = mem_alloc(sizeof *graph);
    onnx__graph_proto__init(graph);
    graph->name = mem_copy_text(name);
    return graph;
}

static void open_body(struct text_reader *reader)
{
    struct bsr_error err;
    const char      *name = next_word(reader);

    must(node_add_int(reader->last[reader->depth], name, 0, &err), &err);
    Onnx__AttributeProto *attribute =
        reader->last[reader->depth]->attribute[reader->last[reader->depth]->n_attribute - 1];
    attribute->has_i = 0;
    attribute->type = 5; /* GRAPH */
    attribute->g = new_graph(name);
    reader->graphs[++reader->depth] = attribute->g;
    reader->functions[reader->depth] = NULL;
}

static void read_names(struct text_reader *reader, char ***array, size_t *count)
{
    assert_true(take(reader, '('));
    for (const char *word; *(word = next_word(reader));)
        append(array, count, mem_copy_text(word));
    assert_true(take(reader, ')'));
}

static void open_function(struct text_reader *reader)
{
    Onnx__FunctionProto *function = mem_alloc(sizeof *function);
    const char          *type = NULL, *name = next_word(reader);
    size_t               length = op_domain_length(name, &type);

    onnx__function_proto__init(function);
    function->name = mem_copy_text(type);
    function->domain = mem_copy_text(name);
    function->domain[length] = '\0';
    read_names(reader, &function->input, &function->n_input);
    reader->at = strchr(reader->at, '(');
    read_names(reader, &function->output, &function->n_output);
    append(&reader->model->functions, &reader->model->n_functions, function);
    reader->functions[++reader->depth] = function;
}

static void read_line(struct text_reader *reader, const char *line)
{
    Onnx__GraphProto *graph = reader->graphs[reader->depth];

    reader->at = line;
    const char *word = next_word(reader);
    if (!*word)
        return;
    if (strcmp(word, "opset") == 0)
        read_opset(reader);
    else if (strcmp(word, "input") == 0)
        append(&graph->input, &graph->n_input, read_value(reader));
    else if (strcmp(word, "output") == 0)
        append(&graph->output, &graph->n_output, read_value(reader));
    else if (strcmp(word, "shape") == 0)
        append(&graph->value_info, &graph->n_value_info, read_value(reader));
    else if (strcmp(word, "init") == 0)
        read_initializer(reader, graph);
    else if (strcmp(word, "begin") == 0)
        open_body(reader);
    else if (strcmp(word, "function") == 0)
        open_function(reader);
    else if (strcmp(word, "end") == 0)
        reader->depth--;
    else {
        reader->at = line;
        read_node(reader);
    }
}

static struct onnx_model *reread(const Onnx__ModelProto *proto)
{
    struct onnx_model *model = NULL;
    struct bsr_error   err;
    size_t             size = onnx__model_proto__get_packed_size(proto);
    uint8_t           *packed = mem_alloc(size);

    onnx__model_proto__pack(proto, packed);
    must(onnx_model_read(&model, packed, size, NULL, "model", &err), &err);
    mem_free(packed);
    return model;
}

struct onnx_model *model_of_text(const char *text)
{
    Onnx__ModelProto   proto = ONNX__MODEL_PROTO__INIT;
    struct text_reader reader = {.model = &proto};
    char              *copy = mem_copy_text(text), *rest = copy;

    proto.has_ir_version = 1;
    proto.ir_version = 8;
    proto.graph = reader.graphs[0] = new_graph("test");
    for (char *line; (line = strsep(&rest, "\n"));)
        read_line(&reader, line);
    assert_int_equal(reader.depth, 0);
    bool has_opset = false;
    for (size_t i = 0; i < proto.n_opset_import; i++)
        has_opset = has_opset || !*proto.opset_import[i]->domain;
    if (!has_opset)
        read_line(&reader, "opset 13");

    struct onnx_model *model = reread(&proto);
    /* The message is the stack's: what it points to is freed by hand. */
    for (size_t i = 0; i < proto.n_opset_import; i++)
        message_free(&proto.opset_import[i]->base);
    for (size_t i = 0; i < proto.n_functions; i++)
        message_free(&proto.functions[i]->base);
    mem_free(proto.opset_import);
    mem_free(proto.functions);
    message_free(&proto.graph->base);
    mem_free(copy);
    return model;
}
