/* Fuzz target: a tensor in a file of its own (TensorProto, .pb); what was read is written and read again. */
#include "base/alloc.h"
#include "onnx/tensor_file.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(const struct bsr_tensor *tensor, const char *name)
{
    struct bytes      written = {0};
    struct bsr_tensor again = {0};
    char             *text = NULL;

    if (tensor_file_write(tensor, name, &written, NULL) != BSR_OK ||
        tensor_file_parse(&again, &text, written.data, written.size, "again", NULL) != BSR_OK)
        abort();
    if (strcmp(text, name) != 0 || again.type != tensor->type || !tensor_same_shape(&again, tensor) ||
        memcmp(again.data, tensor->data, tensor_bytes(tensor)) != 0)
        abort();
    mem_free(text);
    tensor_free(&again);
    bytes_free(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bsr_error  err = {0};
    struct bsr_tensor tensor = {0};
    char             *name = NULL;

    if (tensor_file_parse(&tensor, &name, data, size, "fuzz", &err) != BSR_OK) {
        if (err.code == BSR_OK || !err.message[0])
            abort();
        return 0;
    }
    check_same(&tensor, name);
    mem_free(name);
    tensor_free(&tensor);
    return 0;
}
