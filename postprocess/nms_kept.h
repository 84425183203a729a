/* postprocess/nms_kept.h: the boxes that suppression has kept so far, and the question that it asks of them
 * again and again: does any of these overlap this one? Inside postprocess/ only.
 *
 * Boxes lie in chunks of 16, a number of each box beside that of the next, so that one vector comparison sees
 * 8 or 16 of them. While a set is small its chunks are one chain; a set that grows past NMS_FLAT_LIMIT moves
 * into grids (nms_grid.c), where a box is compared with those near it only. */
#pragma once

#include "base/alloc.h"
#include "base/cpu.h"
#include "postprocess/candidates.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    NMS_CHUNK = 16,        /* a vector of AVX-512 */
    NMS_FLAT_LIMIT = 2048, /* boxes; a chain of 1,500 was as fast as grids (AVX2 and AVX-512) */
};

/* Unused places hold a box that overlaps nothing (x1 = infinity, x2 = -infinity). */
struct nms_chunk {
    _Alignas(MEM_ALIGNMENT) float x1[NMS_CHUNK], y1[NMS_CHUNK], x2[NMS_CHUNK], y2[NMS_CHUNK], area[NMS_CHUNK];
    struct nms_chunk *next;
    int               used;
};

/* Whether IoU(box, any box of the chain) > iou, in the arithmetic of box_iou(). */
typedef bool nms_overlaps(const struct nms_chunk *chain, const struct candidate *box, float iou);

/* The function for a level that the machine has; all give the same answers. */
nms_overlaps *nms_overlaps_for(enum cpu_level level);
nms_overlaps  nms_overlaps_avx2, nms_overlaps_avx512;

/* Where chunks and grids come from; start with {0}. */
struct nms_pool {
    struct nms_slab  *slabs, *spare; /* in use, the newest first; waiting for use */
    size_t            slab_used;     /* chunks of the newest slab that are given out */
    struct nms_chunk *returned;
    struct nms_grid  *grids; /* waiting for use */
};

/* A new empty chunk before `next`, or NULL (out of memory). */
struct nms_chunk *nms_pool_take(struct nms_pool *pool, struct nms_chunk *next);

/* Takes back a chain. */
void nms_pool_return(struct nms_pool *pool, struct nms_chunk *chain);

/* Takes back all that was given out, keeps the memory; releases it. */
void nms_pool_clear(struct nms_pool *pool);
void nms_pool_free(struct nms_pool *pool);

/* Adds a box to a chain. False: out of memory. */
bool nms_chain_add(struct nms_pool *pool, struct nms_chunk **chain, const struct candidate *box);

/* The box in one place of a chunk (its corners only). */
struct candidate nms_chunk_box(const struct nms_chunk *chunk, int place);

/* The square that holds all boxes, pixels. */
struct nms_extent {
    double x, y, side;
};

/* Grids of chains; see nms_grid.c. An empty one of the pool, or NULL (out of memory); give it back with
 * nms_grid_return(), which takes NULL and leaves its chunks to nms_pool_clear(). */
struct nms_grid *nms_grid_take(struct nms_pool *pool, const struct nms_extent *extent);
void             nms_grid_return(struct nms_pool *pool, struct nms_grid *grid);
void             nms_grids_free(struct nms_grid *grids);
bool             nms_grid_add(struct nms_grid *grid, struct nms_pool *pool, const struct candidate *box);
bool nms_grid_overlaps(const struct nms_grid *grid, nms_overlaps *overlaps, const struct candidate *box,
                       float iou);

/* The boxes kept of one class. Start with {0}; nms_kept_clear() gives what it holds back to the pool. */
struct nms_kept {
    struct nms_chunk *chain;
    size_t            count;
    struct nms_grid  *grid; /* NULL while `chain` holds all */
};

bool nms_kept_add(struct nms_kept *kept, struct nms_pool *pool, const struct nms_extent *extent,
                  const struct candidate *box);
bool nms_kept_overlaps(const struct nms_kept *kept, nms_overlaps *overlaps, const struct candidate *box,
                       float iou);
void nms_kept_clear(struct nms_kept *kept, struct nms_pool *pool);
