/* onnx/wire.h: a look at protobuf's wire format before protobuf-c parses it. protobuf-c 1.4 nests without a
 * limit (a crafted file overflows the stack) and merges repeated single messages in quadratic time. */
#pragma once

#include "base/status.h"

#include <protobuf-c/protobuf-c.h>

/* Walks the message and those inside it that `descriptor` knows: all lengths end where their message ends, no
 * groups, no field number 0, no zero byte within a text, no single message given twice, no more than
 * ONNX_MAX_DEPTH levels and ONNX_MAX_FIELDS fields. BSR_EMODEL says at which byte. */
bsr_status wire_check(const ProtobufCMessageDescriptor *descriptor, const uint8_t *data, size_t size,
                      struct bsr_error *err);
