/* media/video_box.h: boxes of ISO/IEC 14496-12: [size u32][type 4 letters][contents], nested. */
#pragma once

#include "base/bytes.h"

static inline uint32_t box_u32(const uint8_t *data)
{
    return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

static inline uint64_t box_u64(const uint8_t *data)
{
    return (uint64_t)box_u32(data) << 32 | box_u32(data + 4);
}

#define BOX_TYPE(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

struct box {
    uint32_t       type;
    const uint8_t *data; /* the contents */
    size_t         size;
};

/* Takes the box at *at; false at the end, and where what is there is none. */
static inline bool box_next(struct box *box, const uint8_t *data, size_t size, size_t *at)
{
    if (size - *at < 8)
        return false;
    uint32_t length = box_u32(data + *at);
    if (length < 8 || length > size - *at)
        return false;
    *box = (struct box){.type = box_u32(data + *at + 4), .data = data + *at + 8, .size = length - 8};
    *at += length;
    return true;
}

/* The first box of a type among the contents of another; .data is NULL when there is none. */
static inline struct box box_find(const struct box *in, uint32_t type)
{
    struct box box;
    for (size_t at = 0; box_next(&box, in->data, in->size, &at);)
        if (box.type == type)
            return box;
    return (struct box){0};
}
