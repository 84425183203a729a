/* Seven grids of chains over the square that holds all boxes, from 64 x 64 cells down to 1 x 1. A box is
 * in the finest grid whose cells are at least as large as its longer side, in the cell of its centre: so a
 * box overlaps only boxes of a grid whose centre is at most half a cell beyond its own edges, and a few cells
 * are all there is to look through. Nothing is lost by rounding: the cell of a point never falls as the point
 * rises, and the distances have slack. */
#include "postprocess/nms_kept.h"

#include "base/alloc.h"

#include <math.h>

enum {
    FINEST = 64, /* cells a side */
    LEVELS = 7,
    CELLS = 5461, /* 64^2 + 32^2 + ... + 1 */
};

/* More than the rounding of an IoU in float (some 5e-7), less than would cost time. */
static const double slack = 1e-5;

struct level {
    struct nms_chunk **cells; /* [side][side] */
    int                side;  /* cells */
    double             cell;  /* pixels */
    size_t             count; /* boxes */
};

struct nms_grid {
    struct nms_extent extent;
    struct level      levels[LEVELS];
    struct nms_chunk *cells[CELLS];
    struct nms_grid  *next;
};

struct nms_grid *nms_grid_take(struct nms_pool *pool, const struct nms_extent *extent)
{
    struct nms_grid *grid = pool->grids;
    if (grid)
        pool->grids = grid->next;
    else
        grid = mem_alloc(sizeof(*grid));
    if (!grid)
        return NULL;

    *grid = (struct nms_grid){.extent = *extent};
    struct nms_chunk **cells = grid->cells;
    for (int i = 0; i < LEVELS; i++) {
        struct level *level = &grid->levels[i];
        level->cells = cells;
        level->side = FINEST >> i;
        level->cell = extent->side / level->side;
        cells += (ptrdiff_t)level->side * level->side;
    }
    return grid;
}

void nms_grid_return(struct nms_pool *pool, struct nms_grid *grid)
{
    if (!grid)
        return;
    grid->next = pool->grids;
    pool->grids = grid;
}

void nms_grids_free(struct nms_grid *grids)
{
    while (grids) {
        struct nms_grid *next = grids->next;
        mem_free(grids);
        grids = next;
    }
}

/* The row or column of cells that `distance` from the grid's edge lies in, that of the edge when outside. */
static int find_cell(const struct level *level, double distance)
{
    double cell = level->cell > 0 ? distance / level->cell : 0;
    if (!(cell > 0))
        return 0;
    return cell < level->side ? (int)cell : level->side - 1;
}

static double longer_side(const struct candidate *box)
{
    return fmax((double)box->x2 - (double)box->x1, (double)box->y2 - (double)box->y1);
}

bool nms_grid_add(struct nms_grid *grid, struct nms_pool *pool, const struct candidate *box)
{
    double        longer = longer_side(box);
    struct level *level = grid->levels;
    while (level < grid->levels + LEVELS - 1 && level->cell < longer)
        level++;

    int column = find_cell(level, ((double)box->x1 + (double)box->x2) / 2 - grid->extent.x);
    int row = find_cell(level, ((double)box->y1 + (double)box->y2) / 2 - grid->extent.y);
    if (!nms_chain_add(pool, &level->cells[row * level->side + column], box))
        return false;
    level->count++;
    return true;
}

/* Whether boxes of a level can have an IoU over `iou` with one of this longer side: the IoU of two boxes is
 * at most the quotient of their longer sides. */
static bool level_matters(const struct nms_grid *grid, const struct level *level, double longer, double iou)
{
    if (!level->count || level->cell * (1 + slack) < iou * longer)
        return false;
    bool finest = level == grid->levels;
    return finest || level->cell / 2 * iou <= longer * (1 + slack);
}

/* How far apart, along one axis, the centres can be of a box of side `side` and one of side 0 .. `most` whose
 * IoU is over `iou`. They share at least iou * max(side, other), and centres of intervals that share s are
 * (side + other) / 2 - s apart, at the most: that rises with the other up to `side`, and beyond it only while
 * iou < 1/2, up to the end of what can be (`most`, or side / iou). */
static double find_reach(double side, double most, double iou)
{
    double reach = side * (1 - iou);
    if (iou < 0.5) {
        double other = side < iou * most ? side / iou : most;
        reach = fmax(reach, side / 2 + other * (0.5 - iou));
    }
    return reach + slack * (side + most);
}

static bool level_overlaps(const struct nms_grid *grid, const struct level *level, nms_overlaps *overlaps,
                           const struct candidate *box, float iou)
{
    double x = ((double)box->x1 + (double)box->x2) / 2 - grid->extent.x;
    double y = ((double)box->y1 + (double)box->y2) / 2 - grid->extent.y;
    double reach_x = find_reach((double)box->x2 - (double)box->x1, level->cell, (double)iou);
    double reach_y = find_reach((double)box->y2 - (double)box->y1, level->cell, (double)iou);
    int    left = find_cell(level, x - reach_x), right = find_cell(level, x + reach_x);
    int    top = find_cell(level, y - reach_y), bottom = find_cell(level, y + reach_y);

    for (int row = top; row <= bottom; row++)
        for (int column = left; column <= right; column++) {
            const struct nms_chunk *chain = level->cells[row * level->side + column];
            if (chain && overlaps(chain, box, iou))
                return true;
        }
    return false;
}

bool nms_grid_overlaps(const struct nms_grid *grid, nms_overlaps *overlaps, const struct candidate *box,
                       float iou)
{
    double longer = longer_side(box);
    for (const struct level *level = grid->levels; level < grid->levels + LEVELS; level++)
        if (level_matters(grid, level, longer, (double)iou) &&
            level_overlaps(grid, level, overlaps, box, iou))
            return true;
    return false;
}
