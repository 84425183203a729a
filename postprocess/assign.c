#include "postprocess/assign.h"

#include "base/alloc.h"

#include <math.h>
#include <stdbool.h>

/* The matrix with its shorter side as rows. Column 0 of the scratch is the root of the tree, so that rows and
 * columns count from 1 in it. */
struct problem {
    const double *cost;
    size_t        row_step, column_step;
    int           rows, columns;
    double        limit;
};

void assign_free(struct assign_scratch *scratch)
{
    mem_free(scratch->row_price);
    mem_free(scratch->column_price);
    mem_free(scratch->least);
    mem_free(scratch->row_of);
    mem_free(scratch->before);
    mem_free(scratch->reached);
    *scratch = (struct assign_scratch){0};
}

bsr_status assign_reserve(struct assign_scratch *scratch, int most, struct bsr_error *err)
{
    size_t needed = (size_t)most + 1;
    if (needed <= scratch->capacity)
        return BSR_OK;
    struct assign_scratch made = {
        .row_price = mem_alloc_zeroed(needed, sizeof *made.row_price),
        .column_price = mem_alloc_zeroed(needed, sizeof *made.column_price),
        .least = mem_alloc_zeroed(needed, sizeof *made.least),
        .row_of = mem_alloc_zeroed(needed, sizeof *made.row_of),
        .before = mem_alloc_zeroed(needed, sizeof *made.before),
        .reached = mem_alloc_zeroed(needed, sizeof *made.reached),
        .capacity = needed,
    };
    if (!made.row_price || !made.column_price || !made.least || !made.row_of || !made.before ||
        !made.reached) {
        assign_free(&made);
        return bsr_fail_memory(err, "assignment", mem_product(needed, sizeof *made.row_price));
    }
    assign_free(scratch);
    *scratch = made;
    return BSR_OK;
}

static double cost_of(const struct problem *problem, int row, int column)
{
    double cost =
        problem->cost[(size_t)(row - 1) * problem->row_step + (size_t)(column - 1) * problem->column_step];
    return cost < problem->limit ? cost : problem->limit;
}

/* Takes the column into the tree that ends the shortest path, after the row of `from` was looked through.
 * Returns it; prices are moved so that its reduced cost is 0. */
static int grow_tree(const struct problem *problem, struct assign_scratch *scratch, int from)
{
    int    row = scratch->row_of[from], nearest = 0;
    double shortest = INFINITY;
    scratch->reached[from] = 1;
    for (int column = 1; column <= problem->columns; column++) {
        if (scratch->reached[column])
            continue;
        double reduced =
            cost_of(problem, row, column) - scratch->row_price[row] - scratch->column_price[column];
        if (reduced < scratch->least[column]) {
            scratch->least[column] = reduced;
            scratch->before[column] = from;
        }
        if (scratch->least[column] < shortest) {
            shortest = scratch->least[column];
            nearest = column;
        }
    }
    for (int column = 0; column <= problem->columns; column++)
        if (scratch->reached[column]) {
            scratch->row_price[scratch->row_of[column]] += shortest;
            scratch->column_price[column] -= shortest;
        } else {
            scratch->least[column] -= shortest;
        }
    return nearest;
}

/* Finds a free column for `row` and moves the rows on the path to it. */
static void place_row(const struct problem *problem, struct assign_scratch *scratch, int row)
{
    int column = 0;
    for (int i = 0; i <= problem->columns; i++) {
        scratch->least[i] = INFINITY;
        scratch->reached[i] = 0;
    }
    scratch->row_of[0] = row;
    do
        column = grow_tree(problem, scratch, column);
    while (scratch->row_of[column]);
    for (; column; column = scratch->before[column])
        scratch->row_of[column] = scratch->row_of[scratch->before[column]];
}

void assign_least(int *column_of, const double *cost, int rows, int columns, double limit,
                  struct assign_scratch *scratch)
{
    bool           turned = rows > columns;
    struct problem problem = {
        .cost = cost,
        .row_step = turned ? 1 : (size_t)columns,
        .column_step = turned ? (size_t)columns : 1,
        .rows = turned ? columns : rows,
        .columns = turned ? rows : columns,
        .limit = limit,
    };
    for (int i = 0; i < rows; i++)
        column_of[i] = -1;
    if (!problem.rows)
        return;
    for (int i = 0; i <= problem.columns; i++) {
        scratch->row_price[i] = scratch->column_price[i] = 0;
        scratch->row_of[i] = scratch->before[i] = 0;
    }
    for (int row = 1; row <= problem.rows; row++)
        place_row(&problem, scratch, row);
    for (int column = 1; column <= problem.columns; column++) {
        int row = scratch->row_of[column];
        if (!row || !(cost_of(&problem, row, column) < limit))
            continue;
        if (turned)
            column_of[column - 1] = row - 1;
        else
            column_of[row - 1] = column - 1;
    }
}
