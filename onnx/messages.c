#include "onnx/messages.h"

#include "base/alloc.h"

#include <string.h>

/* protobuf-c gives NULL for bad input and for want of memory: this tells them apart. */
static void *allocate_watched(void *context, size_t size)
{
    bool *failed = context;
    void *block = mem_alloc(size);
    *failed |= !block;
    return block;
}

static void release(void *unused, void *block)
{
    (void)unused;
    mem_free(block);
}

bsr_status message_unpack(ProtobufCMessage **out, const ProtobufCMessageDescriptor *descriptor,
                          const uint8_t *data, size_t size, struct bsr_error *err)
{
    bool               failed = false;
    ProtobufCAllocator allocator = {allocate_watched, release, &failed};
    ProtobufCMessage  *message = protobuf_c_message_unpack(descriptor, &allocator, size, data);

    if (failed)
        return bsr_fail_memory(err, NULL, size);
    *out = message;
    return BSR_OK;
}

bsr_status message_copy(ProtobufCMessage **out, const ProtobufCMessage *message, struct bsr_error *err)
{
    size_t   size = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = mem_alloc(size);
    if (!packed)
        return bsr_fail_memory(err, NULL, size);

    ProtobufCMessage *copy = NULL;
    protobuf_c_message_pack(message, packed);
    bsr_status status = message_unpack(&copy, message->descriptor, packed, size, err);
    mem_free(packed);
    if (status == BSR_OK && !copy)
        return bsr_fail(err, BSR_EMODEL, NULL, "a part of the model can't be copied");
    if (status == BSR_OK)
        *out = copy;
    return status;
}

void message_free(ProtobufCMessage *message)
{
    if (message)
        protobuf_c_message_free_unpacked(message, &onnx_allocator);
}

bsr_status message_set_text(char **field, const char *text, struct bsr_error *err)
{
    char *copy = mem_copy_text(text);
    if (!copy)
        return bsr_fail_memory(err, NULL, strlen(text) + 1);
    mem_free(*field);
    *field = copy;
    return BSR_OK;
}

bsr_status message_append(void *array, size_t *count, void *item, struct bsr_error *err)
{
    char *entries;
    memcpy(&entries, array, sizeof entries);
    entries = mem_resize(entries, *count + 1, sizeof item);
    if (!entries)
        return bsr_fail_memory(err, NULL, (*count + 1) * sizeof item);
    memcpy(entries + *count * sizeof item, &item, sizeof item);
    memcpy(array, &entries, sizeof entries);
    ++*count;
    return BSR_OK;
}

void message_remove(void *array, size_t *count, size_t index)
{
    ProtobufCMessage **entries;
    memcpy(&entries, array, sizeof entries);
    message_free(entries[index]);
    memmove(entries + index, entries + index + 1, (*count - index - 1) * sizeof(void *));
    --*count;
}
