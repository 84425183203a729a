/* tests/onnx/random_graph.h: graphs that nobody thought of, from a seed. */
#pragma once

#include "onnx/model.h"

/* A model of 5 to 40 nodes on inputs x [2][3][4] (f32), y [2][3][4], c (bool) and n [3] (i64): arithmetic,
 * nodes that do nothing, chains on shapes, moved axes, constants, If, functions, debug nodes, nodes that
 * nobody reads; in a random order where the seed says so. It runs, and its numbers stay small. */
struct onnx_model *random_graph(uint64_t seed);
