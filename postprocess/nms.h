/* postprocess/nms.h: non-maximum suppression, one box a thing. */
#pragma once

#include "base/status.h"
#include "postprocess/candidates.h"

enum { NMS_MAX_CLASSES = 1 << 20 };

/* Keeps the best `max_detections` of `list` (0: all), best first, dropping each box whose IoU with a better
 * one that is kept (of its class, or of any with `agnostic`) is over `iou` (0..1). Ties go to the one that
 * came first. Sorts and shortens `list` in place. At most `max_candidates` of the best are looked at (YOLOv5:
 * 30000; 0: all). Candidates with a number that is not finite are dropped. As torchvision.ops.nms, with
 * classes apart instead of moved apart.
 * BSR_ERANGE (iou, a class under 0 or from NMS_MAX_CLASSES on), BSR_ENOMEM; the list is then untouched. */
bsr_status nms(struct candidates *list, float iou, int agnostic, size_t max_detections, size_t max_candidates,
               struct bsr_error *err);

/* Memory that suppression works in, to be used again for the next picture: then nothing is allocated once it
 * has grown to the usual size. One thread at a time. */
struct nms_scratch;

/* Returns an empty one or NULL (out of memory); release with nms_scratch_destroy(), which takes NULL. */
struct nms_scratch *nms_scratch_create(void);
void                nms_scratch_destroy(struct nms_scratch *scratch);

/* nms() in `scratch`. */
bsr_status nms_with(struct nms_scratch *scratch, struct candidates *list, float iou, int agnostic,
                    size_t max_detections, size_t max_candidates, struct bsr_error *err);
