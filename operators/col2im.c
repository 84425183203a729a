/* Col2Im: blocks that slid over an image, [N][channels * block][positions], added up where they lay. */
#include "operators/move.h"

#include <string.h>

/* Along each of the image's axes. */
struct slide {
    int     axes;
    int64_t image[BSR_MAX_DIMS], block[BSR_MAX_DIMS], dilations[BSR_MAX_DIMS], strides[BSR_MAX_DIMS];
    int64_t before[BSR_MAX_DIMS];    /* padding */
    int64_t positions[BSR_MAX_DIMS]; /* of the block */
};

enum { SLIDE_MAX = 1 << 20 }; /* of sides, strides, margins: products of two can't overflow */

/* An attribute with `count` numbers of least .. SLIDE_MAX, or all `otherwise`. */
static bsr_status read_numbers(int64_t *out, const struct bsr_call *call, const char *name, int count,
                               int64_t least, struct bsr_error *err)
{
    int            given;
    const int64_t *ints = bsr_node_ints(call->node, name, &given);

    if (ints && given != count)
        return call_refuse(err, "%s has %d numbers (%d)", name, given, count);
    for (int i = 0; i < count; i++) {
        out[i] = ints ? ints[i] : least;
        if (out[i] < least || out[i] > SLIDE_MAX)
            return call_refuse(err, "%s has %lld in it", name, (long long)out[i]);
    }
    return BSR_OK;
}

static bsr_status slide_positions(struct slide *slide, const int64_t *pads, struct bsr_error *err)
{
    for (int i = 0; i < slide->axes; i++) {
        if (slide->image[i] < 1 || slide->image[i] > SLIDE_MAX || slide->block[i] < 1 ||
            slide->block[i] > SLIDE_MAX)
            return call_refuse(err, "an image of %lld or a block of %lld is out of range",
                               (long long)slide->image[i], (long long)slide->block[i]);
        int64_t room = slide->image[i] + pads[i] + pads[slide->axes + i];
        int64_t extent = slide->dilations[i] * (slide->block[i] - 1) + 1;
        if (extent > room)
            return call_refuse(err, "a block of %lld is larger than the image of %lld", (long long)extent,
                               (long long)room);
        slide->before[i] = pads[i];
        slide->positions[i] = (room - extent) / slide->strides[i] + 1;
    }
    return BSR_OK;
}

static bsr_status slide_make(struct slide *slide, const struct bsr_call *call, struct bsr_error *err)
{
    int64_t    pads[2 * BSR_MAX_DIMS];
    int        block_axes;
    bsr_status status = call_ints(slide->image, &slide->axes, BSR_MAX_DIMS - 2, call->inputs[1], err);

    if (status == BSR_OK)
        status = call_ints(slide->block, &block_axes, BSR_MAX_DIMS - 2, call->inputs[2], err);
    if (status == BSR_OK && (block_axes != slide->axes || !slide->axes))
        return call_refuse(err, "its image has %d axes, its block %d", slide->axes, block_axes);
    if (status == BSR_OK)
        status = read_numbers(slide->dilations, call, "dilations", slide->axes, 1, err);
    if (status == BSR_OK)
        status = read_numbers(slide->strides, call, "strides", slide->axes, 1, err);
    if (status == BSR_OK)
        status = read_numbers(pads, call, "pads", 2 * slide->axes, 0, err);
    return status == BSR_OK ? slide_positions(slide, pads, err) : status;
}

static bsr_status col2im_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct slide slide;
    bsr_status   status = move_expect(call, 3, 3, 1, err);

    if (status == BSR_OK)
        status = slide_make(&slide, call, err);
    if (status != BSR_OK)
        return status;
    const struct bsr_tensor *in = call->inputs[0];
    int64_t                  block = move_product(slide.block, 0, slide.axes);
    int64_t                  positions = move_product(slide.positions, 0, slide.axes);
    if (in->dims != 3 || block < 1 || in->shape[1] % block || in->shape[2] != positions)
        return call_refuse(err, "%s is not [N][channels * %lld][%lld]", tensor_shape_text(in).text,
                           (long long)block, (long long)positions);
    int64_t sides[BSR_MAX_DIMS] = {in->shape[0], in->shape[1] / block};
    memcpy(sides + 2, slide.image, (size_t)slide.axes * sizeof *sides);
    return move_set(call, 0, in->type, slide.axes + 2, sides, err);
}

/* Where the element at `offset` of the block at `position` lies in the image; -1 outside. */
static int64_t slide_place(const struct slide *slide, const int64_t *position, const int64_t *offset)
{
    int64_t place = 0;
    for (int i = 0; i < slide->axes; i++) {
        int64_t at = position[i] * slide->strides[i] - slide->before[i] + offset[i] * slide->dilations[i];
        if (at < 0 || at >= slide->image[i])
            return -1;
        place = place * slide->image[i] + at;
    }
    return place;
}

/* One plane of the image, from the rows of `in` (one an element of the block) that begin at `row`. */
static void add_plane(struct bsr_tensor *out, size_t plane, const struct bsr_tensor *in, size_t row,
                      const struct slide *slide)
{
    int64_t offset[BSR_MAX_DIMS] = {0};
    size_t  from = row * (size_t)in->shape[2];
    size_t  start = plane * (size_t)move_product(slide->image, 0, slide->axes);
    do {
        int64_t position[BSR_MAX_DIMS] = {0};
        do {
            int64_t place = slide_place(slide, position, offset);
            if (place >= 0)
                tensor_set(out, start + (size_t)place,
                           tensor_get(out, start + (size_t)place) + tensor_get(in, from));
            from++;
        } while (move_next(position, slide->positions, slide->axes));
    } while (move_next(offset, slide->block, slide->axes));
}

static bsr_status col2im_run(const struct bsr_call *call, struct bsr_error *err)
{
    struct slide       slide;
    struct bsr_tensor *out = &call->outputs[0];
    bsr_status         status = slide_make(&slide, call, err);
    if (status != BSR_OK || !tensor_count(out))
        return status;

    size_t planes = (size_t)(out->shape[0] * out->shape[1]);
    size_t block = (size_t)move_product(slide.block, 0, slide.axes);
    memset(out->data, 0, tensor_bytes(out));
    for (size_t p = 0; p < planes; p++)
        add_plane(out, p, call->inputs[0], p * block, &slide);
    return BSR_OK;
}

static const struct bsr_operator operators[] = {
    {"Col2Im", col2im_shape, col2im_run},
};

const struct operator_group operators_col2im = OPERATOR_GROUP(operators);
