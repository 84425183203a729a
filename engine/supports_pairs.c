/* Pairs of nodes that OpenCV must not see side by side. When it loads a net it looks for chains that it knows
 * as one operator, and asks neither for the axes of all parts, nor whether they work on the same tensor, nor
 * whether someone else reads what lies between (4.6: onnx_graph_simplifier.cpp). Before the first run it lets
 * layers compute the activation behind them, also those that then forget to (net_impl_fuse.cpp). */
#include "engine/supports.h"

#include <string.h>

static const struct {
    const char *maker, *reader; /* NULL: any */
    bool        unless_beside;  /* right where both read the same tensor, and nobody else the first */
} pairs[] = {
    {"MatMul", NULL, false},         /* of two tensors: the activation behind it is never computed */
    {"Pow", NULL, false},            /* times a constant: taken into the base of the power */
    {"ReduceSum", "Div", false},     /* taken for Softmax, of any axes */
    {"ReduceL2", "Div", false},      /* Normalize, of any axes */
    {"Log", "Sub", false},           /* LogSoftmax */
    {"Elu", "Mul", false},           /* Celu; reads its alpha where there is none */
    {"HardSigmoid", "Mul", true},    /* HardSwish, also of another tensor */
    {"Sqrt", "Reciprocal", false},   /* Normalize */
    {"Sqrt", "Div", false},          /* Normalize, BatchNormalization, LayerNormalization */
    {"Erf", "Add", false},           /* Gelu, also of another tensor */
    {"Reshape", "Transpose", false}, /* from 4.7 on: DepthToSpace, SpaceToDepth */
};

bool supports_apart(const char *maker, const char *reader, bool beside)
{
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (strcmp(pairs[i].maker, maker) == 0 && (!pairs[i].reader || strcmp(pairs[i].reader, reader) == 0))
            return !(pairs[i].unless_beside && beside);
    return false;
}
