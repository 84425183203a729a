#include "tests/onnx/sample.h"

#include "base/alloc.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct bytes sample_bytes(const char *name)
{
    char             path[512];
    struct bytes     bytes = {0};
    struct bsr_error err = {0};

    snprintf(path, sizeof path, "%s/%s.onnx", SAMPLE_FOLDER, name);
    if (file_read(&bytes, path, (size_t)1 << 20, &err) != BSR_OK)
        fail_msg("%s: %s", path, err.message);
    return bytes;
}

struct onnx_model *sample_read(const char *name)
{
    struct bytes       bytes = sample_bytes(name);
    struct bsr_error   err = {0};
    struct onnx_model *model = NULL;

    if (onnx_model_read(&model, bytes.data, bytes.size, SAMPLE_FOLDER, name, &err) != BSR_OK)
        fail_msg("%s: %s", name, err.message);
    bytes_free(&bytes);
    return model;
}

uint8_t *exact_copy(const void *data, size_t size)
{
    uint8_t *copy = mem_alloc(size);
    assert_non_null(copy);
    memcpy(copy, data, size);
    return copy;
}

uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

size_t mutate(uint8_t *data, size_t size, uint64_t *state)
{
    static const uint8_t nasty[] = {0x00, 0x01, 0x7F, 0x80, 0xFF, 0x0A, 0x27, 0x5C};
    size_t               at = (size_t)(next_random(state) % size), from = (size_t)(next_random(state) % size);
    size_t               room = size - (at > from ? at : from);
    size_t               length = room ? 1 + (size_t)(next_random(state) % (room < 32 ? room : 32)) : 0;

    switch (next_random(state) % 6) {
    case 0:
        data[at] ^= (uint8_t)(1U << (next_random(state) % 8));
        break;
    case 1:
        data[at] = nasty[next_random(state) % sizeof nasty];
        break;
    case 2:
        data[at] = (uint8_t)next_random(state);
        break;
    case 3:
        memmove(data + at, data + from, length);
        break;
    case 4: /* a part taken out */
        length = length > size - at ? size - at : length;
        memmove(data + at, data + at + length, size - at - length);
        return size - length ? size - length : 1;
    default:
        return at ? at : 1;
    }
    return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
    __attribute__((weak)); /* not every test has one */

void run_mutations(const void *data, size_t size, int most, uint64_t *state)
{
    uint8_t *copy = exact_copy(data, size);
    size_t   left = size;

    for (uint64_t count = 1 + next_random(state) % (uint64_t)most; count; count--)
        left = mutate(copy, left, state);
    uint8_t *exact = exact_copy(copy, left);
    LLVMFuzzerTestOneInput(exact, left);
    mem_free(exact);
    mem_free(copy);
}
