#include "onnx/tensors.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

struct type_text onnx_type_text(int type)
{
    static const char *const others[] = {
        [8] = "string",          [14] = "complex64",  [15] = "complex128",     [17] = "float8e4m3fn",
        [18] = "float8e4m3fnuz", [19] = "float8e5m2", [20] = "float8e5m2fnuz", [21] = "uint4",
        [22] = "int4",           [23] = "float4e2m1", [24] = "float8e8m0",
    };
    struct type_text name = {""};
    bool             other = type > 0 && type < (int)(sizeof others / sizeof *others) && others[type];

    if (tensor_type_size(type))
        snprintf(name.text, sizeof name.text, "%s", tensor_type_name(type));
    else if (other)
        snprintf(name.text, sizeof name.text, "%s", others[type]);
    else
        snprintf(name.text, sizeof name.text, "type %d", type);
    return name;
}

/* Where tensors without elements point: data that is NULL says "not known". */
static _Alignas(MEM_ALIGNMENT) uint8_t nothing[MEM_ALIGNMENT];

static bsr_status fail_tensor(const Onnx__TensorProto *proto, const char *why, struct bsr_error *err)
{
    return bsr_fail(err, BSR_EMODEL, NULL, "tensor '%s' %s", shown_name(proto->name).text, why);
}

static bsr_status read_shape(struct bsr_tensor *out, const Onnx__TensorProto *proto, struct bsr_error *err)
{
    if (!tensor_type_size(proto->data_type))
        return bsr_fail(err, BSR_EMODEL, NULL,
                        "tensor '%s' has the type %s, which besra does not compute with",
                        shown_name(proto->name).text, onnx_type_text(proto->data_type).text);
    if (proto->n_dims > BSR_MAX_DIMS)
        return bsr_fail(err, BSR_EMODEL, NULL, "tensor '%s' has %zu dimensions, the limit is %d",
                        shown_name(proto->name).text, proto->n_dims, BSR_MAX_DIMS);
    if (proto->data_location == ONNX_EXTERNAL)
        return fail_tensor(proto, "has its data in another file that was not read", err);

    *out = (struct bsr_tensor){.type = proto->data_type, .dims = (int)proto->n_dims};
    for (size_t i = 0; i < proto->n_dims; i++)
        out->shape[i] = proto->dims[i];
    if (tensor_bytes(out) > ONNX_MAX_BYTES)
        return fail_tensor(proto, "has an impossible shape", err);
    return BSR_OK;
}

/* The field that holds the elements as an array of C's own type for them, or of a wider one. */
struct stored {
    const void *data;
    size_t      count;
    size_t      bytes; /* of an entry */
};

static struct stored find_stored(const Onnx__TensorProto *proto, size_t element)
{
    if (proto->has_raw_data)
        return (struct stored){proto->raw_data.data, proto->raw_data.len / element, element};
    switch (proto->data_type) {
    case BSR_F32:
        return (struct stored){proto->float_data, proto->n_float_data, sizeof(float)};
    case BSR_F64:
        return (struct stored){proto->double_data, proto->n_double_data, sizeof(double)};
    case BSR_I64:
        return (struct stored){proto->int64_data, proto->n_int64_data, sizeof(int64_t)};
    case BSR_U32:
    case BSR_U64:
        return (struct stored){proto->uint64_data, proto->n_uint64_data, sizeof(uint64_t)};
    default:
        return (struct stored){proto->int32_data, proto->n_int32_data, sizeof(int32_t)};
    }
}

/* Booleans are bytes of 0 and 1 everywhere in besra; a file may hold others. */
static bool are_booleans(const void *data, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (((const uint8_t *)data)[i] > 1)
            return false;
    return true;
}

static bool is_usable(const struct stored *stored, const struct bsr_tensor *tensor, size_t element)
{
    return stored->bytes == element && (uintptr_t)stored->data % element == 0 &&
           (tensor->type != BSR_BOOL || are_booleans(stored->data, stored->count));
}

/* The low bytes of each entry: besra runs on little-endian machines. */
static void narrow(void *to, size_t element, const struct stored *from, int type)
{
    for (size_t i = 0; i < from->count; i++)
        memcpy((char *)to + i * element, (const char *)from->data + i * from->bytes, element);
    for (size_t i = 0; type == BSR_BOOL && i < from->count; i++)
        ((uint8_t *)to)[i] = ((const uint8_t *)to)[i] != 0;
}

bsr_status tensor_view(struct bsr_tensor *out, void **owned, const Onnx__TensorProto *proto,
                       struct bsr_error *err)
{
    struct bsr_tensor tensor;
    bsr_status        status = read_shape(&tensor, proto, err);
    if (status != BSR_OK)
        return status;

    size_t        element = tensor_type_size(tensor.type), count = tensor_count(&tensor);
    struct stored stored = find_stored(proto, element);
    void         *copy = NULL;
    if (stored.count < count)
        return fail_tensor(proto, "holds less data than its shape asks for", err);
    stored.count = count;
    if (!count)
        stored = (struct stored){nothing, 0, element};
    if (!is_usable(&stored, &tensor, element)) {
        copy = mem_alloc_aligned(count, element);
        if (!copy)
            return bsr_fail_memory(err, NULL, count * element);
        narrow(copy, element, &stored, tensor.type);
    }
    /* Nobody writes through a constant: struct bsr_tensor has no const of its own. */
    memcpy(&tensor.data, copy ? (const void *)&copy : (const void *)&stored.data, sizeof tensor.data);
    *out = tensor;
    *owned = copy;
    return BSR_OK;
}

bsr_status tensor_read(struct bsr_tensor *out, const Onnx__TensorProto *proto, struct bsr_error *err)
{
    struct bsr_tensor view = {0};
    void             *owned = NULL;
    bsr_status        status = tensor_view(&view, &owned, proto, err);

    if (status == BSR_OK && owned)
        *out = view; /* mem_free() and tensor_free() are the same to it */
    else if (status == BSR_OK)
        status = tensor_copy(out, &view, err);
    return status;
}

/* The contents of a message, allocated before the old ones go. */
struct contents {
    int64_t *dims;
    uint8_t *data;
    size_t   bytes;
};

static bool make_contents(struct contents *contents, const struct bsr_tensor *tensor)
{
    size_t count = (size_t)tensor->dims;

    contents->bytes = tensor_bytes(tensor);
    contents->dims = mem_alloc(count * sizeof(int64_t));
    contents->data = mem_alloc(contents->bytes);
    if (!contents->dims || !contents->data) {
        mem_free(contents->dims);
        mem_free(contents->data);
        return false;
    }
    memcpy(contents->dims, tensor->shape, count * sizeof(int64_t));
    if (contents->bytes)
        memcpy(contents->data, tensor->data, contents->bytes);
    return true;
}

static void clear_typed_fields(Onnx__TensorProto *proto)
{
    mem_free(proto->float_data);
    mem_free(proto->int32_data);
    mem_free(proto->int64_data);
    mem_free(proto->double_data);
    mem_free(proto->uint64_data);
    for (size_t i = 0; i < proto->n_string_data; i++)
        mem_free(proto->string_data[i].data);
    mem_free(proto->string_data);
    proto->float_data = NULL;
    proto->int32_data = NULL;
    proto->int64_data = NULL;
    proto->double_data = NULL;
    proto->uint64_data = NULL;
    proto->string_data = NULL;
    proto->n_float_data = proto->n_int32_data = proto->n_int64_data = 0;
    proto->n_double_data = proto->n_uint64_data = proto->n_string_data = 0;
}

bsr_status tensor_assign(Onnx__TensorProto *proto, const struct bsr_tensor *tensor, struct bsr_error *err)
{
    struct contents contents = {0};
    if (!make_contents(&contents, tensor))
        return bsr_fail_memory(err, NULL, contents.bytes);

    clear_typed_fields(proto);
    mem_free(proto->dims);
    mem_free(proto->raw_data.data);
    proto->dims = contents.dims;
    proto->n_dims = (size_t)tensor->dims;
    proto->has_data_type = 1;
    proto->data_type = tensor->type;
    proto->has_raw_data = 1;
    proto->raw_data.data = contents.data;
    proto->raw_data.len = contents.bytes;
    return BSR_OK;
}

bsr_status tensor_message(Onnx__TensorProto **out, const char *name, const struct bsr_tensor *tensor,
                          struct bsr_error *err)
{
    Onnx__TensorProto *proto = mem_alloc(sizeof *proto);
    if (!proto)
        return bsr_fail_memory(err, NULL, sizeof *proto);
    onnx__tensor_proto__init(proto);
    proto->name = mem_copy_text(name);

    bsr_status status = proto->name ? tensor_assign(proto, tensor, err) : bsr_fail_memory(err, NULL, 1);
    if (status == BSR_OK)
        *out = proto;
    else
        tensor_message_free(proto);
    return status;
}

void tensor_message_free(Onnx__TensorProto *proto)
{
    if (proto)
        onnx__tensor_proto__free_unpacked(proto, &onnx_allocator);
}

bsr_status graph_refuse_sparse(const Onnx__GraphProto *graph, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    if (graph->n_sparse_initializer) {
        const Onnx__TensorProto *values = graph->sparse_initializer[0]->values;
        return bsr_fail(err, BSR_EMODEL, NULL, "initializer '%s' is sparse, which besra does not read",
                        shown_name(values ? values->name : "").text);
    }
    for (size_t n = 0; n < graph->n_node; n++)
        for (size_t a = 0; status == BSR_OK && a < graph->node[n]->n_attribute; a++)
            if (graph->node[n]->attribute[a]->g)
                status = graph_refuse_sparse(graph->node[n]->attribute[a]->g, err);
    return status;
}
