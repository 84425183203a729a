#include "postprocess/yolo.h"

#include <math.h>

void yolo_layout_default(struct yolo_layout *layout, int classes)
{
    *layout = (struct yolo_layout){
        .classes = classes,
        .head_count = 3,
        .anchor_count = 3,
        .strides = {8, 16, 32},
        .anchors = {{{10, 13}, {16, 30}, {33, 23}},
                    {{30, 61}, {62, 45}, {59, 119}},
                    {{116, 90}, {156, 198}, {373, 326}}},
    };
}

static bsr_status check_head(const struct yolo_layout *layout, int head, struct bsr_error *err)
{
    if (layout->strides[head] < 1)
        return bsr_fail(err, BSR_ERANGE, "layout", "stride %d of head %d is not a number of pixels",
                        layout->strides[head], head);
    for (int i = 0; i < layout->anchor_count; i++) {
        const float *anchor = layout->anchors[head][i];
        if (!(anchor[0] > 0 && anchor[1] > 0 && isfinite(anchor[0]) && isfinite(anchor[1])))
            return bsr_fail(err, BSR_ERANGE, "layout", "anchor %d of head %d is %g x %g pixels", i, head,
                            (double)anchor[0], (double)anchor[1]);
    }
    return BSR_OK;
}

bsr_status yolo_layout_check(const struct yolo_layout *layout, struct bsr_error *err)
{
    if (layout->classes < 1 || layout->classes > YOLO_MAX_CLASSES)
        return bsr_fail(err, BSR_ERANGE, "layout", "%d classes, possible are 1 to %d", layout->classes,
                        YOLO_MAX_CLASSES);
    if (layout->head_count < 1 || layout->head_count > YOLO_MAX_HEADS)
        return bsr_fail(err, BSR_ERANGE, "layout", "%d heads, possible are 1 to %d", layout->head_count,
                        YOLO_MAX_HEADS);
    if (layout->anchor_count < 1 || layout->anchor_count > YOLO_MAX_ANCHORS)
        return bsr_fail(err, BSR_ERANGE, "layout", "%d anchors a head, possible are 1 to %d",
                        layout->anchor_count, YOLO_MAX_ANCHORS);

    for (int head = 0; head < layout->head_count; head++) {
        bsr_status status = check_head(layout, head, err);
        if (status)
            return status;
    }
    return BSR_OK;
}

int yolo_match_head(const struct yolo_layout *layout, int64_t height, int64_t width, int in_height,
                    int in_width)
{
    /* With more cells than pixels there is no stride, and without them the products can't overflow. */
    if (height < 1 || width < 1 || height > in_height || width > in_width)
        return -1;
    for (int head = 0; head < layout->head_count; head++) {
        int64_t stride = layout->strides[head];
        if (height * stride == in_height && width * stride == in_width)
            return head;
    }
    return -1;
}
