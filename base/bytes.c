#include "base/bytes.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

bool bytes_reserve(struct bytes *bytes, size_t size)
{
    if (bytes->failed)
        return false;
    if (size < bytes->capacity - bytes->size)
        return true;
    size_t need = bytes->size + size + 1;
    size_t capacity = need < 64 ? 64 : need + need / 2;
    if (capacity < need) /* half as much again is more than there can be */
        capacity = need;
    uint8_t *data = need > size ? mem_resize(bytes->data, capacity, 1) : NULL;
    if (!data) {
        bytes->failed = true;
        return false;
    }
    bytes->data = data;
    bytes->data[bytes->size] = '\0';
    bytes->capacity = capacity;
    return true;
}

bool bytes_append(struct bytes *bytes, const void *data, size_t size)
{
    if (!bytes_reserve(bytes, size))
        return false;
    if (size)
        memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
    bytes->data[bytes->size] = '\0';
    return true;
}

bool bytes_append_text(struct bytes *bytes, const char *text)
{
    return bytes_append(bytes, text, strlen(text));
}

bool bytes_append_format(struct bytes *bytes, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0) /* longer than an int can say */
        bytes->failed = true;
    if (length < 0 || !bytes_reserve(bytes, (size_t)length))
        return false;
    va_start(args, format);
    vsnprintf((char *)bytes->data + bytes->size, (size_t)length + 1, format, args);
    va_end(args);
    bytes->size += (size_t)length;
    return true;
}

const char *bytes_text(const struct bytes *bytes)
{
    return bytes->data ? (const char *)bytes->data : "";
}

void bytes_clear(struct bytes *bytes)
{
    bytes->size = 0;
    bytes->failed = false;
    if (bytes->data)
        bytes->data[0] = '\0';
}

void bytes_free(struct bytes *bytes)
{
    mem_free(bytes->data);
    *bytes = (struct bytes){0};
}
