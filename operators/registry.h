/* operators/registry.h: which operator a node is. */
#pragma once

#include "operators/node.h"

#include <stdbool.h>

/* The operator for domain ("" and "ai.onnx" are the same) and type: a registered one first, then besra's own,
 * then one of besra's own whose name is "*.Type": those are found in any domain, in any case, with or without
 * underscores and whatever stands before the type's last dot or colon. NULL when there is none. */
const struct bsr_operator *operators_find(const char *domain, const char *type);

/* Whether its run() and shape() are besra's own, not a plugin's. */
bool operators_is_own(const struct bsr_operator *op);

/* A group of operators of one file; registry.c lists all groups. */
struct operator_group {
    const struct bsr_operator *operators;
    int                        count;
};
#define OPERATOR_GROUP(array)                                                                                \
    {                                                                                                        \
        array, (int)(sizeof(array) / sizeof *(array))                                                        \
    }

/* The n-th of besra's own operators, for tables; NULL behind the last. */
const struct bsr_operator *operators_at(int n);
