/* Decoding as YOLOv5's formulas say it, cell by cell, without any short cut: what yolo_decode_*() is held to,
 * bit for bit (the sigmoid is shared; test_yolo.c holds it to double precision). */
#pragma once

#include "postprocess/yolo.h"

enum naive_order { NAIVE_PLANES, NAIVE_ROWS, NAIVE_DECODED };

/* `height` x `width` cells a head; for NAIVE_DECODED one anchor of height * width rows. */
void naive_decode(struct candidates *out, const float *data, int height, int width,
                  const struct yolo_layout *layout, int head, const struct yolo_filter *filter,
                  enum naive_order order);
