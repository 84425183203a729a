#include "onnx/wire.h"

#include "base/utf8.h"
#include "onnx/graph.h"

#include <string.h>

enum { WIRE_VARINT = 0, WIRE_64BIT = 1, WIRE_BYTES = 2, WIRE_32BIT = 5 };

/* A position in the file, and what has been counted on the way there. */
struct wire {
    const uint8_t *data;
    size_t         at, size;
    size_t         fields;
};

static bsr_status fail_at(const struct wire *wire, size_t at, const char *what, struct bsr_error *err)
{
    return bsr_fail(err, BSR_EMODEL, NULL, "no ONNX model, or a damaged one: %s at byte %zu of %zu", what, at,
                    wire->size);
}

/* What ends too early: the file where the message is the outermost, otherwise a length inside is wrong. */
static bsr_status fail_short(const struct wire *wire, size_t end, uint64_t need, struct bsr_error *err)
{
    if (end == wire->size)
        return bsr_fail(err, BSR_EMODEL, NULL,
                        "truncated, or no ONNX model: %llu more bytes should follow byte %zu, the file ends "
                        "after %zu",
                        (unsigned long long)need, wire->at, wire->size - wire->at);
    return fail_at(wire, wire->at, "a field is longer than what holds it", err);
}

static bsr_status read_varint(struct wire *wire, size_t end, uint64_t *value, struct bsr_error *err)
{
    uint64_t result = 0;

    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (wire->at >= end)
            return fail_short(wire, end, 1, err);
        uint8_t byte = wire->data[wire->at++];
        result |= shift < 64 ? (uint64_t)(byte & 0x7F) << shift : 0;
        if (!(byte & 0x80)) {
            *value = result;
            return BSR_OK;
        }
    }
    return fail_at(wire, wire->at, "an endless number", err);
}

static bsr_status check_message(struct wire *wire, const ProtobufCMessageDescriptor *descriptor, size_t end,
                                int depth, struct bsr_error *err);

/* The `length` bytes of a field at wire->at: a message, a text or data. */
static bsr_status check_bytes(struct wire *wire, const ProtobufCFieldDescriptor *field, size_t length,
                              int depth, struct bsr_error *err)
{
    if (field && field->type == PROTOBUF_C_TYPE_MESSAGE)
        return check_message(wire, field->descriptor, wire->at + length, depth + 1, err);
    if (field && field->type == PROTOBUF_C_TYPE_STRING && memchr(wire->data + wire->at, 0, length))
        return fail_at(wire, wire->at, "a zero byte within a text", err);
    /* Protobuf asks for it; its own library, which reads for OpenCV, tells of it on standard error. */
    if (field && field->type == PROTOBUF_C_TYPE_STRING && !utf8_is_valid(wire->data + wire->at, length))
        return fail_at(wire, wire->at, "a text that is not UTF-8", err);
    wire->at += length;
    return BSR_OK;
}

static bsr_status check_field(struct wire *wire, const ProtobufCFieldDescriptor *field, unsigned wire_type,
                              size_t end, int depth, struct bsr_error *err)
{
    uint64_t   length = 0;
    bsr_status status = BSR_OK;

    switch (wire_type) {
    case WIRE_VARINT:
        return read_varint(wire, end, &length, err);
    case WIRE_64BIT:
        length = 8;
        break;
    case WIRE_32BIT:
        length = 4;
        break;
    case WIRE_BYTES:
        status = read_varint(wire, end, &length, err);
        break;
    default:
        return fail_at(wire, wire->at, "an unknown kind of field", err);
    }
    if (status != BSR_OK)
        return status;
    if (length > end - wire->at)
        return fail_short(wire, end, length, err);
    if (wire_type == WIRE_BYTES)
        return check_bytes(wire, field, (size_t)length, depth, err);
    wire->at += (size_t)length;
    return BSR_OK;
}

/* One message from wire->at to `end`. `seen` has a bit for each field of the descriptor (none has 64). */
static bsr_status check_message(struct wire *wire, const ProtobufCMessageDescriptor *descriptor, size_t end,
                                int depth, struct bsr_error *err)
{
    uint64_t seen = 0;

    if (depth > ONNX_MAX_DEPTH)
        return fail_at(wire, wire->at, "nested too deeply", err);
    while (wire->at < end) {
        size_t     start = wire->at;
        uint64_t   tag = 0;
        bsr_status status = read_varint(wire, end, &tag, err);
        if (status != BSR_OK)
            return status;
        if (tag >> 3 == 0 || tag >> 3 > 0x1FFFFFFF)
            return fail_at(wire, start, "an impossible field number", err);
        if (++wire->fields > ONNX_MAX_FIELDS)
            return fail_at(wire, start, "more than 2 million fields", err);

        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(descriptor, (unsigned)(tag >> 3));
        if (field && field->type == PROTOBUF_C_TYPE_MESSAGE && field->label != PROTOBUF_C_LABEL_REPEATED) {
            uint64_t bit = UINT64_C(1) << ((unsigned)(field - descriptor->fields) % 64);
            if (seen & bit)
                return fail_at(wire, start, "a part that may occur once occurs twice", err);
            seen |= bit;
        }
        status = check_field(wire, field, (unsigned)(tag & 7), end, depth, err);
        if (status != BSR_OK)
            return status;
    }
    return BSR_OK;
}

bsr_status wire_check(const ProtobufCMessageDescriptor *descriptor, const uint8_t *data, size_t size,
                      struct bsr_error *err)
{
    struct wire wire = {.data = data, .size = size};
    return check_message(&wire, descriptor, size, 1, err);
}
