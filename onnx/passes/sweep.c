#include "onnx/passes/sweep.h"

#include "onnx/messages.h"

#include <string.h>

void sweep(void *array, size_t *count, const bool *gone)
{
    ProtobufCMessage **entries;
    size_t             kept = 0;

    memcpy(&entries, array, sizeof entries);
    for (size_t i = 0; i < *count; i++) {
        if (gone[i])
            message_free(entries[i]);
        else
            entries[kept++] = entries[i];
    }
    *count = kept;
}
