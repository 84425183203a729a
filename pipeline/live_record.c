#include "pipeline/live_record.h"

#include "pipeline/json_text.h"

#include <math.h>
#include <stdlib.h>

enum { DIGITS = 9 }; /* as in pipeline/record.c */

static double round_to(double value, double steps)
{
    return round(value * steps) / steps;
}

static bsr_status append_line(struct bytes *out, json_t *record, struct bsr_error *err)
{
    char *text = record ? json_dumps(record, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS)) : NULL;
    bool  done = text && bytes_append_text(out, text) && bytes_append_text(out, "\n");

    free(text);
    json_decref(record);
    return done ? BSR_OK : bsr_fail_memory(err, NULL, 0);
}

static json_t *box_object(const struct live_box *box, const char *name)
{
    const struct detection *found = &box->found;
    json_t                 *object =
        json_pack("{s:i,s:o,s:f,s:[f,f,f,f]}", "class", found->class_index, "name", json_text(name), "score",
                  found->score, "box", found->x1, found->y1, found->x2, found->y2);
    if (object && box->track && json_object_set_new(object, "track", json_integer(box->track)) != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

bsr_status live_record_frame(struct bytes *out, const struct record_head *head,
                             const struct live_result *result, const char *const *class_names,
                             struct bsr_error *err)
{
    const struct timing *ms = &result->timing;
    json_t              *boxes = json_array();
    bool                 done = boxes != NULL;

    for (size_t i = 0; done && i < result->box_count; i++) {
        const struct live_box *box = &result->boxes[i];
        done = json_array_append_new(boxes, box_object(box, class_names[box->found.class_index])) == 0;
    }
    if (!done) {
        json_decref(boxes);
        return bsr_fail_memory(err, head->source, 0);
    }
    return append_line(
        out,
        json_pack("{s:o,s:i,s:i,s:o,s:s,s:I,s:f,s:o,s:{s:f,s:f,s:f,s:f}}", "source", json_text(head->source),
                  "width", head->width, "height", head->height, "model", json_text(head->model), "task",
                  head->task, "frame", (json_int_t)result->number, "time", round_to(result->time, 1e6),
                  "detections", boxes, "ms", "decode", round_to(ms->decode, 1e3), "pre",
                  round_to(ms->pre, 1e3), "net", round_to(ms->net, 1e3), "post", round_to(ms->post, 1e3)),
        err);
}

static json_t *row_object(const struct count_row *row, bool line, const char *name)
{
    if (line)
        return json_pack("{s:i,s:o,s:I,s:I}", "class", row->class_index, "name", json_text(name), "there",
                         (json_int_t)row->there, "back", (json_int_t)row->back);
    return json_pack("{s:i,s:o,s:I,s:I,s:i}", "class", row->class_index, "name", json_text(name), "in",
                     (json_int_t)row->there, "out", (json_int_t)row->back, "inside", row->inside);
}

bsr_status live_record_count(struct bytes *out, const struct record_head *head,
                             const struct live_result *result, int shape, const char *const *class_names,
                             struct bsr_error *err)
{
    size_t                  count = 0;
    const struct count_row *rows = live_result_rows(result, shape, &count);
    bool                    line = result->shapes->items[shape].count == 2, done = true;
    json_t                 *list = json_array();

    for (size_t i = 0; done && i < count; i++)
        done = json_array_append_new(list, row_object(&rows[i], line, class_names[rows[i].class_index])) == 0;
    if (!done || !list) {
        json_decref(list);
        return bsr_fail_memory(err, head->source, 0);
    }
    return append_line(out,
                       json_pack("{s:o,s:I,s:f,s:{s:i,s:s,s:o}}", "source", json_text(head->source), "frame",
                                 (json_int_t)result->number, "time", round_to(result->time, 1e6), "count",
                                 "shape", shape + 1, "kind", line ? "line" : "zone", "classes", list),
                       err);
}

static const struct count_row *find_row(const struct live_result *result, int shape, int class_index)
{
    size_t                  count = 0;
    const struct count_row *rows = live_result_rows(result, shape, &count);
    for (size_t i = 0; i < count; i++)
        if (rows[i].class_index == class_index)
            return &rows[i];
    return NULL;
}

bool live_record_counts_differ(const struct live_result *result, const struct live_result *before, int shape)
{
    static const struct count_row nothing;
    size_t                        count = 0;
    const struct count_row       *rows = live_result_rows(result, shape, &count);
    bool                          same_shapes = before && before->shapes == result->shapes;

    for (size_t i = 0; i < count; i++) {
        const struct count_row *old = same_shapes ? find_row(before, shape, rows[i].class_index) : NULL;
        old = old ? old : &nothing;
        if (rows[i].there != old->there || rows[i].back != old->back || rows[i].inside != old->inside)
            return true;
    }
    return false;
}
