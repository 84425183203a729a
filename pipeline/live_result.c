#include "pipeline/live_result.h"

#include "base/alloc.h"

#include <string.h>

/* ---- shapes ---------------------------------------------------------------------------------------- */

bsr_status live_shapes_copy(struct live_shapes **out, const struct count_shape *shapes, int count,
                            struct bsr_error *err)
{
    size_t points = 0;
    for (int i = 0; i < count; i++)
        points += (size_t)shapes[i].count;

    struct live_shapes *made = mem_alloc_zeroed(1, sizeof *made);
    if (made) {
        made->items = mem_alloc_zeroed((size_t)count + 1, sizeof *made->items);
        made->points = mem_alloc_zeroed(points + 1, sizeof *made->points);
        made->users = 1;
    }
    if (!made || !made->items || !made->points) {
        live_shapes_drop(made);
        return bsr_fail_memory(err, NULL, points * sizeof *shapes->points);
    }
    struct count_point *at = made->points;
    for (int i = 0; i < count; i++) {
        memcpy(at, shapes[i].points, (size_t)shapes[i].count * sizeof *at);
        made->items[i] = (struct count_shape){.points = at, .count = shapes[i].count};
        at += shapes[i].count;
    }
    made->count = count;
    *out = made;
    return BSR_OK;
}

void live_shapes_drop(struct live_shapes *shapes)
{
    if (!shapes || --shapes->users > 0)
        return;
    mem_free(shapes->items);
    mem_free(shapes->points);
    mem_free(shapes);
}

/* ---- results --------------------------------------------------------------------------------------- */

bsr_status live_results_open(struct live_results *out, int count, struct bsr_error *err)
{
    struct live_result *items = mem_alloc_zeroed((size_t)count, sizeof *items);
    if (!items)
        return bsr_fail_memory(err, NULL, (size_t)count * sizeof *items);
    *out = (struct live_results){.items = items, .count = count};
    return BSR_OK;
}

void live_results_close(struct live_results *results)
{
    for (int i = 0; i < results->count; i++) {
        struct live_result *result = &results->items[i];
        mem_free(result->detections);
        mem_free(result->boxes);
        mem_free(result->tracks);
        mem_free(result->spans);
        mem_free(result->rows);
        live_shapes_drop(result->shapes);
    }
    mem_free(results->items);
    *results = (struct live_results){0};
}

struct live_result *live_results_take(struct live_results *results)
{
    for (int i = 0; i < results->count; i++)
        if (results->items[i].users == 0)
            return live_result_share(&results->items[i]);
    return NULL;
}

/* Makes room for `count` items of `size`, and some more, so that a steady scene soon asks for none. */
static bsr_status grow(void *block, size_t *capacity, size_t count, size_t size, struct bsr_error *err)
{
    void **items = block;
    if (*items && count <= *capacity)
        return BSR_OK;
    void *made = mem_resize(*items, 2 * count + 8, size);
    if (!made)
        return bsr_fail_memory(err, NULL, (2 * count + 8) * size);
    *items = made;
    *capacity = 2 * count + 8;
    return BSR_OK;
}

bsr_status live_result_set_found(struct live_result *result, const struct detections *found,
                                 struct bsr_error *err)
{
    size_t     capacity = result->box_capacity;
    bsr_status status = grow(&result->detections, &capacity, found->count, sizeof *result->detections, err);
    if (status == BSR_OK)
        status = grow(&result->boxes, &result->box_capacity, found->count, sizeof *result->boxes, err);
    if (status != BSR_OK)
        return status;
    for (size_t i = 0; i < found->count; i++) {
        result->detections[i] = found->items[i];
        result->boxes[i] =
            (struct live_box){.found = found->items[i], .shown_class = found->items[i].class_index};
    }
    result->box_count = found->count;
    result->track_count = 0;
    return BSR_OK;
}

bsr_status live_result_set_tracks(struct live_result *result, const struct track *tracks, size_t count,
                                  struct bsr_error *err)
{
    bsr_status status = grow(&result->tracks, &result->track_capacity, count, sizeof *result->tracks, err);
    if (status != BSR_OK)
        return status;
    if (count)
        memcpy(result->tracks, tracks, count * sizeof *tracks);
    result->track_count = count;
    for (size_t i = 0; i < count; i++)
        if (tracks[i].box >= 0 && (size_t)tracks[i].box < result->box_count) {
            result->boxes[tracks[i].box].track = tracks[i].id;
            result->boxes[tracks[i].box].shown_class = tracks[i].class_index;
        }
    return BSR_OK;
}

void live_result_leave_out(struct live_result *result, double confidence)
{
    size_t kept = 0;
    for (size_t i = 0; i < result->box_count; i++) {
        if (!(result->boxes[i].found.score >= confidence) && !result->boxes[i].track)
            continue;
        for (size_t t = 0; t < result->track_count; t++)
            if (result->tracks[t].box == (int)i)
                result->tracks[t].box = (int)kept;
        result->detections[kept] = result->detections[i];
        result->boxes[kept++] = result->boxes[i];
    }
    result->box_count = kept;
}

bsr_status live_result_set_counts(struct live_result *result, const struct counter *counter,
                                  struct bsr_error *err)
{
    size_t     capacity = (size_t)result->span_capacity;
    int        shapes = result->shapes ? result->shapes->count : 0;
    bsr_status status = grow(&result->spans, &capacity, (size_t)shapes, sizeof *result->spans, err);

    result->span_capacity = (int)capacity;
    result->row_count = 0;
    for (int i = 0; status == BSR_OK && i < shapes; i++) {
        size_t                  count = 0;
        const struct count_row *rows = counter_rows(counter, i, &count);
        status = grow(&result->rows, &result->row_capacity, result->row_count + count, sizeof *rows, err);
        if (status != BSR_OK)
            break;
        if (count)
            memcpy(result->rows + result->row_count, rows, count * sizeof *rows);
        result->spans[i] = (struct live_count_span){.first = result->row_count, .count = count};
        result->row_count += count;
    }
    return status;
}
