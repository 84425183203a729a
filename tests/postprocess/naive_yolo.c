#include "naive_yolo.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

static bool all_finite(const float *values, int count)
{
    for (int i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

/* Box and scores of one cell; row: x, y, width, height, objectness, classes. */
static void decode_cell(struct candidates *out, const float *row, int x, int y,
                        const struct yolo_layout *layout, int head, int anchor,
                        const struct yolo_filter *filter, bool logits)
{
    float box[4], score[YOLO_MAX_CLASSES];
    int   best = -1;

    if (!all_finite(row, 5))
        return;
    for (int i = 0; i < 4; i++)
        box[i] = row[i];
    if (logits) {
        float stride = (float)layout->strides[head];
        box[0] = (yolo_sigmoid(row[0]) * 2 + ((float)x - 0.5F)) * stride;
        box[1] = (yolo_sigmoid(row[1]) * 2 + ((float)y - 0.5F)) * stride;
        box[2] = yolo_sigmoid(row[2]) * 2;
        box[2] = box[2] * box[2] * layout->anchors[head][anchor][0];
        box[3] = yolo_sigmoid(row[3]) * 2;
        box[3] = box[3] * box[3] * layout->anchors[head][anchor][1];
    }
    struct candidate found = {
        box[0] - box[2] / 2, box[1] - box[3] / 2, box[0] + box[2] / 2, box[1] + box[3] / 2, 0, 0};
    if (box[2] < 0 || box[3] < 0 || !all_finite(&found.x1, 1) || !all_finite(&found.y1, 1) ||
        !all_finite(&found.x2, 1) || !all_finite(&found.y2, 1))
        return;

    float objectness = logits ? yolo_sigmoid(row[4]) : row[4];
    for (int k = 0; k < layout->classes; k++) {
        score[k] = -1;
        if (!isfinite(row[5 + k]))
            continue;
        score[k] = objectness * (logits ? yolo_sigmoid(row[5 + k]) : row[5 + k]);
        if (best < 0 || row[5 + k] > row[5 + best])
            best = k;
    }
    for (int k = 0; k < layout->classes; k++) {
        bool considered = filter->multi_label || k == best;
        bool finite = isfinite(score[k]);
        bool wanted = !filter->class_wanted || filter->class_wanted[k];
        if (finite && considered && wanted && objectness > filter->threshold &&
            score[k] > filter->threshold) {
            found.score = score[k];
            found.class_index = k;
            if (candidates_add(out, &found, NULL))
                abort();
        }
    }
}

void naive_decode(struct candidates *out, const float *data, int height, int width,
                  const struct yolo_layout *layout, int head, const struct yolo_filter *filter,
                  enum naive_order order)
{
    static float row[YOLO_MAX_CLASSES + 5];
    const size_t size = (size_t)layout->classes + 5, plane = (size_t)height * (size_t)width;
    const int    anchors = order == NAIVE_DECODED ? 1 : layout->anchor_count;

    for (int anchor = 0; anchor < anchors; anchor++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++) {
                size_t cell = (size_t)y * (size_t)width + (size_t)x;
                for (size_t k = 0; k < size; k++)
                    row[k] = order == NAIVE_PLANES ? data[((size_t)anchor * size + k) * plane + cell]
                                                   : data[((size_t)anchor * plane + cell) * size + k];
                decode_cell(out, row, x, y, layout, head, anchor, filter, order != NAIVE_DECODED);
            }
}
