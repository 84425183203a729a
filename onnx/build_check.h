/* onnx/build_check.h: whether ONNX has such a node. For build_node.c only. */
#pragma once

#include "besra.h"

/* What is asked of a node before anything is known of its inputs. */
struct build_question {
    const char                 *op;         /* "Type" or "domain.Type" */
    const struct bsr_attribute *attributes; /* NULL, or ended by {0} */
    int                         input_count, output_count;
    int64_t                     opset; /* that the model is written in */
};

/* BSR_EMODEL: ONNX has no such operator (the nearest is named), not in this opset, or with other inputs,
 * outputs or attributes; or it holds graphs of its own. Of other domains any node will do. */
bsr_status build_check_node(const struct build_question *node, struct bsr_error *err);
