/* onnx/inspect/macs.h: how many multiplications with addition a layer does. For this folder only. */
#pragma once

#include "onnx/inspect/inspect.h"

/* As inspect.h counts them; 0 for operators without, and where shapes are unknown. Saturates. */
uint64_t layer_macs(const struct onnx_layer *layer, const struct bsr_node *node);
