/* onnx/messages.h: making and changing protobuf messages. All memory is onnx_allocator's; what fails leaves
 * its arguments as they were, with BSR_ENOMEM. */
#pragma once

#include "onnx/graph.h"

/* Unpacks `size` bytes that wire_check() has passed. *out is NULL, with BSR_OK, where a field has another
 * type than the schema gives it (protobuf-c says no more). Release with message_free(). */
bsr_status message_unpack(ProtobufCMessage **out, const ProtobufCMessageDescriptor *descriptor,
                          const uint8_t *data, size_t size, struct bsr_error *err);

/* A copy, with the fields that besra does not know. Release with message_free(). */
bsr_status message_copy(ProtobufCMessage **out, const ProtobufCMessage *message, struct bsr_error *err);
void       message_free(ProtobufCMessage *message);

/* Puts a copy of `text` in the place of *field. */
bsr_status message_set_text(char **field, const char *text, struct bsr_error *err);

/* Puts `item` (a message, a text) at the end of an array of pointers (&graph->node, ...): the array has it
 * now. */
bsr_status message_append(void *array, size_t *count, void *item, struct bsr_error *err);

/* Takes entry `index` out of an array of messages and frees it. */
void message_remove(void *array, size_t *count, size_t index);
