/* NonMaxSuppression: [batch, class, box] of the boxes that no better one of their class overlaps too much. */
#include "operators/move.h"
#include "operators/numbers.h"

#include "base/alloc.h"

#include <math.h>

struct suppression {
    const struct bsr_tensor *boxes, *scores; /* [N][boxes][4], [N][classes][boxes], f32 */
    size_t                   batches, classes, count;
    size_t                   most; /* of a class */
    float                    iou, score;
    bool                     has_score, center;
};

static bsr_status suppression_expect(struct suppression *s, const struct bsr_call *call,
                                     struct bsr_error *err)
{
    const struct bsr_tensor *boxes = call->inputs[0], *scores = call->inputs[1];

    if (boxes->type != BSR_F32 || scores->type != BSR_F32 || boxes->dims != 3 || scores->dims != 3 ||
        boxes->shape[2] != 4 || boxes->shape[0] != scores->shape[0] || boxes->shape[1] != scores->shape[2] ||
        tensor_count(boxes) > TENSOR_MAX_BYTES || tensor_count(scores) > TENSOR_MAX_BYTES)
        return call_refuse(err,
                           "boxes of %s and scores of %s are not f32 [N][boxes][4] and "
                           "[N][classes][boxes]",
                           tensor_shape_text(boxes).text, tensor_shape_text(scores).text);
    *s = (struct suppression){
        .boxes = boxes,
        .scores = scores,
        .batches = (size_t)scores->shape[0],
        .classes = (size_t)scores->shape[1],
        .count = (size_t)scores->shape[2],
        .has_score = call_input(call, 4) != NULL,
        .center = bsr_node_int(call->node, "center_point_box", 0) != 0,
    };
    return BSR_OK;
}

static bsr_status suppression_make(struct suppression *s, const struct bsr_call *call, struct bsr_error *err)
{
    int64_t    most;
    double     iou, score;
    bsr_status status = suppression_expect(s, call, err);

    if (status == BSR_OK)
        status = number_int(&most, call, 2, 0, err);
    if (status == BSR_OK)
        status = number_real(&iou, call, 3, 0, err);
    if (status == BSR_OK)
        status = number_real(&score, call, 4, 0, err);
    if (status != BSR_OK)
        return status;
    if (!(iou >= 0 && iou <= 1))
        return call_refuse(err, "its IoU threshold is %g (0 to 1)", iou);
    s->most = most < 0 ? 0 : (size_t)most > s->count ? s->count : (size_t)most;
    s->iou = (float)iou;
    s->score = (float)score;
    return s->boxes->data && s->scores->data ? BSR_OK : call_needs_values(err);
}

/* Two corners: 0, 1 the lesser, 2, 3 the greater ones (y and x, or x and y: it does not matter here). */
struct corners {
    float low[2], high[2];
};

static struct corners box_corners(const struct suppression *s, size_t batch, size_t box)
{
    const float   *b = (const float *)s->boxes->data + (batch * s->count + box) * 4;
    struct corners c;
    for (int i = 0; i < 2; i++) {
        float first = s->center ? b[i] - b[i + 2] / 2 : b[i];
        float second = s->center ? b[i] + b[i + 2] / 2 : b[i + 2];
        c.low[i] = first < second ? first : second;
        c.high[i] = first < second ? second : first;
    }
    return c;
}

static bool overlaps(const struct suppression *s, size_t batch, size_t one, size_t other)
{
    struct corners a = box_corners(s, batch, one), b = box_corners(s, batch, other);
    float          shared = 1, area_a = 1, area_b = 1;

    for (int i = 0; i < 2; i++) {
        float low = a.low[i] > b.low[i] ? a.low[i] : b.low[i];
        float high = a.high[i] < b.high[i] ? a.high[i] : b.high[i];
        shared *= high > low ? high - low : 0;
        area_a *= a.high[i] - a.low[i];
        area_b *= b.high[i] - b.low[i];
    }
    float both = area_a + area_b - shared;
    return shared > 0 && both > 0 && shared / both > s->iou;
}

/* The scores of one class in one picture; the best is first. */
struct ranking {
    const float *scores;
};

static int compare_scores(const void *context, size_t a, size_t b)
{
    const struct ranking *ranking = context;
    float                 left = ranking->scores[a], right = ranking->scores[b];
    return (left < right) - (left > right);
}

/* Writes the chosen boxes of a class into chosen[count] (with room for 2 * count) and their number. */
static bsr_status choose(size_t *chosen, size_t *chosen_count, const struct suppression *s, size_t batch,
                         size_t class, struct bsr_error *err)
{
    struct ranking ranking = {(const float *)s->scores->data + (batch * s->classes + class) * s->count};
    size_t        *candidates = chosen + s->count, found = 0, kept = 0;

    for (size_t i = 0; i < s->count; i++)
        if (!isnan(ranking.scores[i]) && (!s->has_score || ranking.scores[i] > s->score))
            candidates[found++] = i;
    bsr_status status = number_sort(candidates, found, compare_scores, &ranking, err);
    for (size_t i = 0; status == BSR_OK && i < found && kept < s->most; i++) {
        bool free = true;
        for (size_t k = 0; free && k < kept; k++)
            free = !overlaps(s, batch, chosen[k], candidates[i]);
        if (free)
            chosen[kept++] = candidates[i];
    }
    *chosen_count = kept;
    return status;
}

/* Counts the boxes that are kept; writes them as [kept][3] where `out` is given, at most `capacity`. */
static bsr_status suppress(int64_t *out, int64_t capacity, int64_t *total, const struct suppression *s,
                           struct bsr_error *err)
{
    bsr_status status = BSR_OK;
    int64_t    kept = 0;

    *total = 0;
    if (!s->most || !s->batches || !s->classes)
        return BSR_OK;
    size_t *chosen = mem_alloc_aligned(s->count, 2 * sizeof *chosen);
    if (!chosen)
        return bsr_fail_memory(err, NULL, s->count * 2 * sizeof *chosen);
    for (size_t n = 0; status == BSR_OK && n < s->batches * s->classes; n++) {
        size_t count;
        status = choose(chosen, &count, s, n / s->classes, n % s->classes, err);
        for (size_t i = 0; status == BSR_OK && i < count; i++, kept++)
            if (out && kept < capacity) {
                out[kept * 3] = (int64_t)(n / s->classes);
                out[kept * 3 + 1] = (int64_t)(n % s->classes);
                out[kept * 3 + 2] = (int64_t)chosen[i];
            }
    }
    mem_free(chosen);
    *total = kept;
    return status;
}

static bsr_status suppression_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct suppression s;
    int64_t            count;
    bsr_status         status = move_expect(call, 2, 5, 1, err);

    if (status == BSR_OK)
        status = suppression_make(&s, call, err);
    if (status == BSR_OK)
        status = suppress(NULL, 0, &count, &s, err);
    return status == BSR_OK ? move_set(call, 0, BSR_I64, 2, (int64_t[]){count, 3}, err) : status;
}

static bsr_status suppression_run(const struct bsr_call *call, struct bsr_error *err)
{
    struct suppression s;
    int64_t            count;
    bsr_status         status = suppression_make(&s, call, err);

    if (status != BSR_OK)
        return status;
    return suppress(call->outputs[0].data, call->outputs[0].shape[0], &count, &s, err);
}

static const struct bsr_operator operators[] = {
    {"NonMaxSuppression", suppression_shape, suppression_run},
};

const struct operator_group operators_suppress = OPERATOR_GROUP(operators);
