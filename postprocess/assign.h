/* postprocess/assign.h: who goes with whom, so that the sum of the costs is least. */
#pragma once

#include "base/status.h"

/* Memory for assign_least(); start with {0}. */
struct assign_scratch {
    double *row_price, *column_price; /* the dual variables */
    double *least;                    /* of each column: least reduced cost of a row in the tree */
    int    *row_of, *before;          /* of each column: its row; the column before it on the path */
    char   *reached;                  /* of each column: it is in the tree */
    size_t  capacity;
};

/* Makes room for a matrix whose longer side is `most`. BSR_ENOMEM; the scratch is then as it was. */
bsr_status assign_reserve(struct assign_scratch *scratch, int most, struct bsr_error *err);
void       assign_free(struct assign_scratch *scratch);

/* cost[rows][columns] with rows and columns >= 0, at most what was reserved. Pairs that cost `limit` (finite)
 * or more, or NaN, are not made; a row or column without partner costs nothing, a pair saves limit - cost.
 * column_of[rows]: each row's column, -1: none. Among equals the lower column.
 *
 * Shortest augmenting paths after Jonker and Volgenant, "A shortest augmenting path algorithm for dense and
 * sparse linear assignment problems", Computing 38 (1987), without their heuristic start: O(n^3) at worst. */
void assign_least(int *column_of, const double *cost, int rows, int columns, double limit,
                  struct assign_scratch *scratch);
