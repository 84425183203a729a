#include "engine/front.h"

#include <string.h>

/* Fields of the messages of onnx.proto. */
enum { MODEL_PRODUCER = 2, MODEL_GRAPH = 7, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12, GRAPH_VALUE_INFO = 13 };
enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BLOCK = 2, WIRE_32 = 5 };

bsr_status front_write(const struct onnx_model *model, struct bytes *out, struct bsr_error *err)
{
    static const char producer[] = {MODEL_PRODUCER << 3 | WIRE_BLOCK, 5, 'b', 'e', 's', 'r', 'a'};

    bsr_status status = onnx_model_write(model, out, err);
    if (status == BSR_OK && !bytes_append(out, producer, sizeof producer)) /* the last one counts */
        return bsr_fail_memory(err, NULL, out->size);
    return status;
}

static uint64_t mix_word(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
    return hash ^ hash >> 33;
}

static uint64_t read_word(const uint8_t *data, size_t size)
{
    uint64_t word = 0;
    memcpy(&word, data, size < sizeof word ? size : sizeof word);
    return word;
}

/* By the mixing steps of MurmurHash3's 64-bit finaliser (Austin Appleby, public domain), four words side by
 * side, since each step waits for the one before. Whoever makes two graphs collide only fools himself. */
static void mix(struct front_print *print, const uint8_t *data, size_t size)
{
    uint64_t lanes[4] = {print->hash, 1, 2, 3};
    size_t   at = 0;

    for (; size - at >= 32; at += 32)
        for (size_t lane = 0; lane < 4; lane++)
            lanes[lane] = mix_word(lanes[lane], read_word(data + at + 8 * lane, 8));
    for (; at < size; at += 8)
        lanes[0] = mix_word(lanes[0], read_word(data + at, size - at));
    for (size_t lane = 1; lane < 4; lane++)
        lanes[0] = mix_word(lanes[0], lanes[lane]);
    print->hash = lanes[0];
    print->size += size;
}

/* The bytes are protobuf-c's own: their lengths are right. */
static uint64_t read_varint(const uint8_t **at, const uint8_t *end)
{
    uint64_t value = 0;
    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            break;
    }
    return value;
}

static size_t field_size(const uint8_t **at, const uint8_t *end, unsigned wire)
{
    switch (wire) {
    case WIRE_VARINT: {
        const uint8_t *from = *at, *next = *at;
        read_varint(&next, end);
        return (size_t)(next - from);
    }
    case WIRE_64:
        return 8;
    case WIRE_32:
        return 4;
    default:
        return (size_t)read_varint(at, end);
    }
}

static void print_message(struct front_print *print, const uint8_t *data, size_t size, bool graph)
{
    const uint8_t *at = data, *end = data + size;

    while (at < end) {
        const uint8_t *tag = at;
        uint64_t       key = read_varint(&at, end);
        uint64_t       field = key >> 3;
        size_t         length = field_size(&at, end, (unsigned)key & 7);
        if (length > (size_t)(end - at))
            length = (size_t)(end - at);
        bool declared = graph && (field == GRAPH_INPUT || field == GRAPH_OUTPUT || field == GRAPH_VALUE_INFO);
        mix(print, tag, 1);
        if (!graph && field == MODEL_GRAPH)
            print_message(print, at, length, true);
        else if (!declared)
            mix(print, at, length);
        at += length;
    }
}

struct front_print front_fingerprint(const struct bytes *onnx)
{
    struct front_print print = {0};
    print_message(&print, onnx->data, onnx->size, false);
    return print;
}
