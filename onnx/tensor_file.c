#include "onnx/tensor_file.h"

#include "base/alloc.h"
#include "base/file.h"
#include "onnx/messages.h"
#include "onnx/tensors.h"
#include "onnx/wire.h"

static bsr_status unpack(Onnx__TensorProto **out, const uint8_t *data, size_t size, struct bsr_error *err)
{
    ProtobufCMessage *message = NULL;

    if (size > ONNX_MAX_BYTES)
        return bsr_fail(err, BSR_ELIMIT, NULL, "over 2 GiB: protobuf holds no more (%zu bytes)", size);
    if (wire_check(&onnx__tensor_proto__descriptor, data, size, NULL) != BSR_OK)
        return bsr_fail(err, BSR_EFORMAT, NULL, "no file of a tensor (TensorProto), or a damaged one");
    bsr_status status = message_unpack(&message, &onnx__tensor_proto__descriptor, data, size, err);
    if (status != BSR_OK)
        return status;
    if (!message)
        return bsr_fail(err, BSR_EFORMAT, NULL,
                        "no file of a tensor (TensorProto): a field has another type than ONNX gives it");
    *out = (Onnx__TensorProto *)message;
    return BSR_OK;
}

/* A model's tensor may hold more than is looked at; a file of one is of another kind then. */
static bsr_status check_size(const Onnx__TensorProto *proto, const struct bsr_tensor *tensor,
                             struct bsr_error *err)
{
    if (proto->has_raw_data && proto->raw_data.len != tensor_bytes(tensor))
        return bsr_fail(err, BSR_EFORMAT, NULL, "holds %zu bytes where its shape asks for %zu",
                        proto->raw_data.len, tensor_bytes(tensor));
    return BSR_OK;
}

static bsr_status read_message(struct bsr_tensor *out, char **name, const Onnx__TensorProto *proto,
                               struct bsr_error *err)
{
    struct bsr_tensor tensor = {0};
    char             *text = NULL;
    bsr_status        status = tensor_read(&tensor, proto, err);

    if (status == BSR_EMODEL && err)
        err->code = BSR_EFORMAT;
    if (status != BSR_OK)
        return status == BSR_EMODEL ? BSR_EFORMAT : status;
    status = check_size(proto, &tensor, err);
    if (status == BSR_OK && name && !(text = mem_copy_text(text_or_empty(proto->name))))
        status = bsr_fail_memory(err, NULL, 1);
    if (status != BSR_OK) {
        tensor_free(&tensor);
        return status;
    }
    *out = tensor;
    if (name)
        *name = text;
    return BSR_OK;
}

bsr_status tensor_file_parse(struct bsr_tensor *out, char **name, const uint8_t *data, size_t size,
                             const char *file, struct bsr_error *err)
{
    Onnx__TensorProto *proto = NULL;
    bsr_status         status = unpack(&proto, data, size, err);

    if (status == BSR_OK)
        status = read_message(out, name, proto, err);
    tensor_message_free(proto);
    if (status != BSR_OK)
        bsr_error_set_subject(err, file);
    return status;
}

bsr_status tensor_file_read(struct bsr_tensor *out, char **name, const char *path, struct bsr_error *err)
{
    struct bytes bytes = {0};
    bsr_status   status = file_read(&bytes, path, ONNX_MAX_BYTES, err);

    if (status == BSR_OK)
        status = tensor_file_parse(out, name, bytes.data, bytes.size, path, err);
    bytes_free(&bytes);
    return status;
}

bsr_status tensor_file_write(const struct bsr_tensor *tensor, const char *name, struct bytes *out,
                             struct bsr_error *err)
{
    Onnx__TensorProto *proto = NULL;
    bsr_status         status = tensor_message(&proto, text_or_empty(name), tensor, err);
    if (status != BSR_OK)
        return status;

    size_t size = onnx__tensor_proto__get_packed_size(proto);
    if (bytes_reserve(out, size))
        out->size += onnx__tensor_proto__pack(proto, out->data + out->size);
    else
        status = bsr_fail_memory(err, NULL, size);
    tensor_message_free(proto);
    return status;
}
