/* engine/kernels/conv_rows.h: convolutions that compute each output by itself, a panel of channels along a
 * row of pixels at a time: in which order that is done, and how it is shared among threads. */
#pragma once

#include "engine/kernels/conv_method.h"

/* Pixels x .. x_end - 1 of row y. */
typedef void row_work(const void *context, int bundle, const struct panel *panel, int y, int x, int x_end);

/* Whether it is a 1x1 of tight maps, for which all rows are as good as one long one: then `width` of
 * rows_run() is the pixels of all. */
bool rows_are_one(const struct op *op);

void rows_run(const struct op *op, int width, row_work *work, const void *context, int first, int last);

/* Fills units and numbers; `run` is left to the method. */
void rows_bind(struct op *op, const struct conv *conv, int threads);
