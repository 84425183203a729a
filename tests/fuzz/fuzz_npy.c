/* Fuzz target: .npy files. What is read is written again, and reads as the same. */
#include "base/npy.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bsr_tensor tensor, again;
    struct bytes      file = {0};

    if (npy_read(&tensor, data, size, "fuzz.npy", NULL) != BSR_OK)
        return 0;
    if (tensor_bytes(&tensor) > size)
        abort();
    if (npy_write(&tensor, &file, NULL) != BSR_OK ||
        npy_read(&again, file.data, file.size, "again.npy", NULL) != BSR_OK)
        abort();
    if (tensor.type != again.type || !tensor_same_shape(&tensor, &again) ||
        memcmp(tensor.data, again.data, tensor_bytes(&tensor)) != 0)
        abort();
    tensor_free(&tensor);
    tensor_free(&again);
    bytes_free(&file);
    return 0;
}
