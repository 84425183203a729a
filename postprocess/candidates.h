/* postprocess/candidates.h: boxes that a net proposes, before and after suppression. */
#pragma once

#include "base/status.h"

/* A box on the net's input, pixels. */
struct candidate {
    float x1, y1, x2, y2; /* x2, y2 are exclusive */
    float score;          /* objectness x class, 0..1 */
    int   class_index;
};

/* A growing list; start with {0}, release with candidates_free(). To use its memory again for the next
 * picture, set `count` to 0. */
struct candidates {
    struct candidate *items;
    size_t            count, capacity;
};

/* Appends one. BSR_ENOMEM; the list is then as before. */
bsr_status candidates_add(struct candidates *list, const struct candidate *item, struct bsr_error *err);

/* Makes room for `count` in all, so that adding up to that many can't fail. BSR_ENOMEM. */
bsr_status candidates_reserve(struct candidates *list, size_t count, struct bsr_error *err);

/* Releases and sets to {0}. */
void candidates_free(struct candidates *list);

/* Intersection over union, 0..1; 0 for empty boxes. */
float box_iou(const struct candidate *a, const struct candidate *b);
