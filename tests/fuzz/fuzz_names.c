/* Fuzz target: the class names in a model's metadata. */
#include "base/alloc.h"
#include "onnx/model.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bsr_error err;
    char           **names = NULL;
    int              count = 0;
    char            *text = mem_alloc(size + 1);

    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    /* A byte that is no UTF-8 becomes three, U+FFFD. */
    if (onnx_parse_names(&names, &count, text, &err) == BSR_OK) {
        if (count < 1 || names[count])
            abort();
        for (int i = 0; i < count; i++)
            if (strlen(names[i]) > 3 * size + sizeof "class 65535")
                abort();
    }
    mem_free(names);
    mem_free(text);
    return 0;
}
