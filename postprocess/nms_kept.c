#include "postprocess/nms_kept.h"

#include "base/alloc.h"

#include <math.h>

enum { SLAB_CHUNKS = 64 }; /* 1,024 boxes, 24 KiB */

struct nms_slab {
    struct nms_chunk chunks[SLAB_CHUNKS];
    struct nms_slab *next;
};

static struct nms_chunk *take_from_slab(struct nms_pool *pool)
{
    if (!pool->slabs || pool->slab_used == SLAB_CHUNKS) {
        struct nms_slab *slab = pool->spare;
        if (slab)
            pool->spare = slab->next;
        else
            slab = mem_alloc_aligned(1, sizeof(*slab));
        if (!slab)
            return NULL;
        slab->next = pool->slabs;
        pool->slabs = slab;
        pool->slab_used = 0;
    }
    return &pool->slabs->chunks[pool->slab_used++];
}

struct nms_chunk *nms_pool_take(struct nms_pool *pool, struct nms_chunk *next)
{
    struct nms_chunk *chunk = pool->returned;
    if (chunk)
        pool->returned = chunk->next;
    else
        chunk = take_from_slab(pool);
    if (!chunk)
        return NULL;

    for (int i = 0; i < NMS_CHUNK; i++) {
        chunk->x1[i] = chunk->y1[i] = INFINITY;
        chunk->x2[i] = chunk->y2[i] = -INFINITY;
        chunk->area[i] = 0;
    }
    chunk->next = next;
    chunk->used = 0;
    return chunk;
}

void nms_pool_return(struct nms_pool *pool, struct nms_chunk *chain)
{
    while (chain) {
        struct nms_chunk *next = chain->next;
        chain->next = pool->returned;
        pool->returned = chain;
        chain = next;
    }
}

void nms_pool_clear(struct nms_pool *pool)
{
    while (pool->slabs) {
        struct nms_slab *slab = pool->slabs;
        pool->slabs = slab->next;
        slab->next = pool->spare;
        pool->spare = slab;
    }
    pool->returned = NULL;
}

void nms_pool_free(struct nms_pool *pool)
{
    nms_pool_clear(pool);
    while (pool->spare) {
        struct nms_slab *slab = pool->spare;
        pool->spare = slab->next;
        mem_free(slab);
    }
    nms_grids_free(pool->grids);
    pool->grids = NULL;
}

bool nms_chain_add(struct nms_pool *pool, struct nms_chunk **chain, const struct candidate *box)
{
    if (!*chain || (*chain)->used == NMS_CHUNK) {
        struct nms_chunk *chunk = nms_pool_take(pool, *chain);
        if (!chunk)
            return false;
        *chain = chunk;
    }
    struct nms_chunk *chunk = *chain;
    int               place = chunk->used++;
    chunk->x1[place] = box->x1;
    chunk->y1[place] = box->y1;
    chunk->x2[place] = box->x2;
    chunk->y2[place] = box->y2;
    chunk->area[place] = (box->x2 - box->x1) * (box->y2 - box->y1);
    return true;
}

struct candidate nms_chunk_box(const struct nms_chunk *chunk, int place)
{
    return (struct candidate){
        .x1 = chunk->x1[place], .y1 = chunk->y1[place], .x2 = chunk->x2[place], .y2 = chunk->y2[place]};
}

/* Moves the chain into a new grid. */
static bool change_to_grid(struct nms_kept *kept, struct nms_pool *pool, const struct nms_extent *extent)
{
    kept->grid = nms_grid_take(pool, extent);
    if (!kept->grid)
        return false;
    for (const struct nms_chunk *chunk = kept->chain; chunk; chunk = chunk->next)
        for (int i = 0; i < chunk->used; i++) {
            struct candidate box = nms_chunk_box(chunk, i);
            if (!nms_grid_add(kept->grid, pool, &box))
                return false;
        }
    nms_pool_return(pool, kept->chain);
    kept->chain = NULL;
    return true;
}

bool nms_kept_add(struct nms_kept *kept, struct nms_pool *pool, const struct nms_extent *extent,
                  const struct candidate *box)
{
    if (kept->count == NMS_FLAT_LIMIT && !change_to_grid(kept, pool, extent))
        return false;
    kept->count++;
    return kept->grid ? nms_grid_add(kept->grid, pool, box) : nms_chain_add(pool, &kept->chain, box);
}

bool nms_kept_overlaps(const struct nms_kept *kept, nms_overlaps *overlaps, const struct candidate *box,
                       float iou)
{
    return kept->grid ? nms_grid_overlaps(kept->grid, overlaps, box, iou) : overlaps(kept->chain, box, iou);
}

void nms_kept_clear(struct nms_kept *kept, struct nms_pool *pool)
{
    nms_pool_return(pool, kept->chain);
    nms_grid_return(pool, kept->grid);
    *kept = (struct nms_kept){0};
}
