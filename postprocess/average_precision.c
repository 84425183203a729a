#include "postprocess/average_precision.h"

#include "base/alloc.h"
#include "postprocess/box_overlap.h"

#include <math.h>
#include <stdlib.h>

/* One detection after matching; a bit a threshold. */
struct outcome {
    double   score;
    size_t   order;   /* breaks ties */
    uint16_t correct; /* found a truth */
    uint16_t ignored; /* found a crowd: counts neither way */
};

/* A truth, and whether it counts. */
struct wanted {
    const struct ap_truth *truth;
    bool                   ignored;
};

/* The inputs in the order of class, picture and (found) score or (truths) ignored ones last. */
struct evaluation {
    enum ap_area            area;
    struct wanted          *truths;
    const struct ap_found **found;
    size_t                  truth_count, found_count;
    uint16_t               *taken;     /* [truth_count]: thresholds at which a truth is found already */
    struct outcome         *outcomes;  /* [found_count]: of one class */
    double                 *precision; /* [found_count]: of one curve */
    double                 *recall;
    double                 *scores;
};

/* Both ends belong to an area (cocoeval.py, Params.areaRng). */
static const struct {
    double least, most;
} area_limits[AP_AREAS] = {
    [AP_ALL] = {0, INFINITY},
    [AP_SMALL] = {0, 32.0 * 32},
    [AP_MEDIUM] = {32.0 * 32, 96.0 * 96},
    [AP_LARGE] = {96.0 * 96, INFINITY},
};

static bool is_outside(enum ap_area area, double pixels)
{
    return pixels < area_limits[area].least || pixels > area_limits[area].most;
}

static struct wanted look_at(const struct ap_truth *truth, enum ap_area area)
{
    double pixels = truth->area > 0 ? truth->area : (truth->x2 - truth->x1) * (truth->y2 - truth->y1);
    return (struct wanted){truth, truth->crowd || truth->ignored || is_outside(area, pixels)};
}

/* Exactly numpy.linspace(0.5, 0.95, 10) and linspace(0, 1, 101), because quotients of small whole numbers are
 * compared with them. */
static double iou_threshold(int index)
{
    return index == AP_THRESHOLDS - 1 ? 0.95 : 0.5 + index * ((0.95 - 0.5) / (AP_THRESHOLDS - 1));
}

static double recall_point(int index)
{
    return index * (1.0 / (AP_RECALL_POINTS - 1));
}

static int compare_ints(int a, int b)
{
    return (a > b) - (a < b);
}

static int compare_truths(const void *left, const void *right)
{
    const struct wanted *a = left, *b = right;
    int                  order = compare_ints(a->truth->class_index, b->truth->class_index);
    if (!order)
        order = compare_ints(a->truth->picture, b->truth->picture);
    if (!order)
        order = compare_ints(a->ignored, b->ignored);
    return order ? order : (a->truth > b->truth) - (a->truth < b->truth);
}

static int compare_found(const void *left, const void *right)
{
    const struct ap_found *a = *(const struct ap_found *const *)left;
    const struct ap_found *b = *(const struct ap_found *const *)right;
    int                    order = compare_ints(a->class_index, b->class_index);
    if (!order)
        order = compare_ints(a->picture, b->picture);
    if (!order)
        order = (a->score < b->score) - (a->score > b->score);
    return order ? order : (a > b) - (a < b);
}

static int compare_outcomes(const void *left, const void *right)
{
    const struct outcome *a = left, *b = right;
    int                   order = (a->score < b->score) - (a->score > b->score);
    return order ? order : (a->order > b->order) - (a->order < b->order);
}

/* The truth that a detection finds at one threshold, or -1. As cocoeval.py: of equal overlaps the last, and
 * one that doesn't count only where no other is free. */
static ptrdiff_t find_partner(const struct ap_found *found, const struct wanted *truths,
                              const uint16_t *taken, size_t count, int threshold)
{
    ptrdiff_t best = -1;
    double    least = fmin(iou_threshold(threshold), 1 - 1e-10);
    for (size_t i = 0; i < count; i++) {
        if ((taken[i] >> threshold & 1) && !truths[i].truth->crowd)
            continue;
        if (best >= 0 && !truths[best].ignored && truths[i].ignored)
            break;
        double iou = box_overlap(found, truths[i].truth);
        if (!(iou >= least))
            continue;
        least = iou;
        best = (ptrdiff_t)i;
    }
    return best;
}

static struct outcome match_one(const struct ap_found *found, const struct wanted *truths, uint16_t *taken,
                                size_t count, enum ap_area area)
{
    struct outcome outcome = {.score = found->score};
    bool           outside = is_outside(area, (found->x2 - found->x1) * (found->y2 - found->y1));
    for (int threshold = 0; threshold < AP_THRESHOLDS; threshold++) {
        const uint16_t bit = (uint16_t)(1U << threshold);
        ptrdiff_t      partner = find_partner(found, truths, taken, count, threshold);
        if (partner >= 0)
            taken[partner] |= bit;
        if (partner >= 0 ? truths[partner].ignored : outside)
            outcome.ignored |= bit;
        else if (partner >= 0)
            outcome.correct |= bit;
    }
    return outcome;
}

/* Matches found[first .. end - 1], all of one class; its truths begin at *truth. Returns how many outcomes.
 */
static size_t match_class(struct evaluation *all, size_t first, size_t end, size_t truth, size_t truth_end)
{
    size_t outcomes = 0;
    while (first < end) {
        const int picture = all->found[first]->picture;
        size_t    begin = truth, ranked = 0;
        while (begin < truth_end && all->truths[begin].truth->picture < picture)
            begin++;
        for (truth = begin; truth < truth_end && all->truths[truth].truth->picture == picture;)
            truth++;
        for (; first < end && all->found[first]->picture == picture; first++, ranked++) {
            if (ranked >= AP_MOST_FOUND)
                continue;
            all->outcomes[outcomes] = match_one(all->found[first], all->truths + begin, all->taken + begin,
                                                truth - begin, all->area);
            all->outcomes[outcomes].order = outcomes;
            outcomes++;
        }
    }
    qsort(all->outcomes, outcomes, sizeof(*all->outcomes), compare_outcomes);
    return outcomes;
}

/* Fills precision and recall after each detection that counts, with its score. Returns the number of points.
 */
static size_t make_points(struct evaluation *all, size_t outcomes, int threshold, size_t truths)
{
    size_t points = 0, correct = 0;
    for (size_t i = 0; i < outcomes; i++) {
        if (all->outcomes[i].ignored >> threshold & 1)
            continue;
        correct += all->outcomes[i].correct >> threshold & 1;
        all->precision[points] = (double)correct / (double)(points + 1);
        all->recall[points] = (double)correct / (double)truths;
        all->scores[points] = all->outcomes[i].score;
        points++;
    }
    return points;
}

/* Makes precision never less than later. */
static void make_falling(struct evaluation *all, size_t points)
{
    for (size_t i = points; i-- > 1;)
        all->precision[i - 1] = fmax(all->precision[i - 1], all->precision[i]);
}

/* The mean of precision at the points of recall. `curve` may be NULL. */
static double average_at_points(const struct evaluation *all, size_t points, struct ap_curve *curve)
{
    double sum = 0;
    size_t at = 0;
    for (int i = 0; i < AP_RECALL_POINTS; i++) {
        while (at < points && all->recall[at] < recall_point(i))
            at++;
        double precision = at < points ? all->precision[at] : 0;
        if (curve) {
            curve->precision[i] = precision;
            curve->score[i] = at < points ? all->scores[at] : 0;
        }
        sum += precision;
    }
    return sum / AP_RECALL_POINTS;
}

static double area_under_curve(const struct evaluation *all, size_t points)
{
    double sum = 0, before = 0;
    for (size_t i = 0; i < points; i++) {
        sum += (all->recall[i] - before) * all->precision[i];
        before = all->recall[i];
    }
    return sum;
}

/* The least score to ask for, where precision and recall are together the best. Detections of one score are
 * taken together. */
static void find_best(struct ap_curve *curve, const struct evaluation *all, size_t points)
{
    double best = 0;
    for (size_t i = 0; i < points; i++) {
        double precision = all->precision[i], recall = all->recall[i];
        bool   goes_on = i + 1 < points && all->scores[i + 1] == all->scores[i];
        double f1 = precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0;
        if (goes_on || f1 <= best)
            continue;
        best = f1;
        curve->best.score = all->scores[i];
        curve->best.precision = precision;
        curve->best.recall = recall;
    }
}

/* `curve` may be NULL. */
static struct ap_score score_class(struct evaluation *all, size_t outcomes, size_t truths,
                                   struct ap_curve *curve)
{
    enum { AT_50 = 0, AT_75 = 5 };
    struct ap_score score = {
        .truths = truths, .ap = NAN, .ap50 = NAN, .ap75 = NAN, .ap50_exact = NAN, .recall = NAN};
    if (curve)
        *curve = (struct ap_curve){0};
    if (!truths)
        return score;
    score.ap = score.recall = 0;
    for (int threshold = 0; threshold < AP_THRESHOLDS; threshold++) {
        size_t points = make_points(all, outcomes, threshold, truths);
        score.recall += points ? all->recall[points - 1] / AP_THRESHOLDS : 0;
        if (threshold == AT_50 && curve)
            find_best(curve, all, points);
        make_falling(all, points);
        double average = average_at_points(all, points, threshold == AT_50 ? curve : NULL);
        score.ap += average / AP_THRESHOLDS;
        if (threshold == AT_50) {
            score.ap50 = average;
            score.ap50_exact = area_under_curve(all, points);
        } else if (threshold == AT_75) {
            score.ap75 = average;
        }
    }
    return score;
}

static void add_score(struct ap_score *total, const struct ap_score *score)
{
    total->truths += score->truths;
    total->ap += score->ap;
    total->ap50 += score->ap50;
    total->ap75 += score->ap75;
    total->ap50_exact += score->ap50_exact;
    total->recall += score->recall;
}

static void evaluate(struct evaluation *all, const struct ap_result *out, int classes)
{
    struct ap_score total = {0};
    size_t          truth = 0, found = 0, scored = 0;

    for (int k = 0; k < classes; k++) {
        size_t truth_end = truth, found_end = found, truths = 0;
        for (; truth_end < all->truth_count && all->truths[truth_end].truth->class_index == k; truth_end++)
            truths += !all->truths[truth_end].ignored;
        while (found_end < all->found_count && all->found[found_end]->class_index == k)
            found_end++;

        size_t          outcomes = match_class(all, found, found_end, truth, truth_end);
        struct ap_score score = score_class(all, outcomes, truths, out->curves ? &out->curves[k] : NULL);
        if (out->per_class)
            out->per_class[k] = score;
        if (truths) {
            scored++;
            add_score(&total, &score);
        }
        truth = truth_end;
        found = found_end;
    }
    double count = scored ? (double)scored : NAN;
    if (out->mean)
        *out->mean = (struct ap_score){.truths = total.truths,
                                       .ap = total.ap / count,
                                       .ap50 = total.ap50 / count,
                                       .ap75 = total.ap75 / count,
                                       .ap50_exact = total.ap50_exact / count,
                                       .recall = total.recall / count};
}

static bsr_status check(int classes, const struct ap_truth *truths, size_t truth_count,
                        const struct ap_found *found, size_t found_count, struct bsr_error *err)
{
    for (size_t i = 0; i < truth_count; i++) {
        const struct ap_truth *box = &truths[i];
        if (box->class_index < 0 || box->class_index >= classes)
            return bsr_fail(err, BSR_ERANGE, "truth", "class %d is not in 0 to %d", box->class_index,
                            classes - 1);
        if (!isfinite(box->x1) || !isfinite(box->y1) || !isfinite(box->x2) || !isfinite(box->y2) ||
            !isfinite(box->area))
            return bsr_fail(err, BSR_ERANGE, "truth", "box %zu has a number that is not finite", i);
    }
    for (size_t i = 0; i < found_count; i++) {
        const struct ap_found *box = &found[i];
        if (box->class_index < 0 || box->class_index >= classes)
            return bsr_fail(err, BSR_ERANGE, "detections", "class %d is not in 0 to %d", box->class_index,
                            classes - 1);
        if (!isfinite(box->x1) || !isfinite(box->y1) || !isfinite(box->x2) || !isfinite(box->y2) ||
            !isfinite(box->score))
            return bsr_fail(err, BSR_ERANGE, "detections", "box %zu has a number that is not finite", i);
    }
    return BSR_OK;
}

static void evaluation_free(struct evaluation *all)
{
    mem_free(all->truths);
    mem_free((void *)all->found);
    mem_free(all->taken);
    mem_free(all->outcomes);
    mem_free(all->precision);
    mem_free(all->recall);
    mem_free(all->scores);
}

static bsr_status evaluation_alloc(struct evaluation *all, size_t truths, size_t found, struct bsr_error *err)
{
    *all = (struct evaluation){.truth_count = truths, .found_count = found};
    all->truths = mem_alloc_zeroed(truths, sizeof(*all->truths));
    all->found = mem_alloc_zeroed(found, sizeof(void *));
    all->taken = mem_alloc_zeroed(truths, sizeof(*all->taken));
    all->outcomes = mem_alloc_zeroed(found, sizeof(*all->outcomes));
    all->precision = mem_alloc_zeroed(found, sizeof(*all->precision));
    all->recall = mem_alloc_zeroed(found, sizeof(*all->recall));
    all->scores = mem_alloc_zeroed(found, sizeof(*all->scores));
    if (all->truths && all->found && all->taken && all->outcomes && all->precision && all->recall &&
        all->scores)
        return BSR_OK;
    evaluation_free(all);
    return bsr_fail_memory(err, "average precision", mem_product(found, sizeof(*all->outcomes)));
}

bsr_status average_precision_at(const struct ap_result *out, enum ap_area area, int classes,
                                const struct ap_truth *truths, size_t truth_count,
                                const struct ap_found *found, size_t found_count, struct bsr_error *err)
{
    struct evaluation all;
    bsr_status        status = check(classes, truths, truth_count, found, found_count, err);
    if (!status)
        status = evaluation_alloc(&all, truth_count, found_count, err);
    if (status)
        return status;

    all.area = area;
    for (size_t i = 0; i < truth_count; i++)
        all.truths[i] = look_at(&truths[i], area);
    for (size_t i = 0; i < found_count; i++)
        all.found[i] = &found[i];
    qsort(all.truths, truth_count, sizeof(*all.truths), compare_truths);
    qsort((void *)all.found, found_count, sizeof(void *), compare_found);
    evaluate(&all, out, classes);
    evaluation_free(&all);
    return BSR_OK;
}

bsr_status average_precision(struct ap_score *mean, struct ap_score *per_class, int classes,
                             const struct ap_truth *truths, size_t truth_count, const struct ap_found *found,
                             size_t found_count, struct bsr_error *err)
{
    const struct ap_result out = {.mean = mean, .per_class = per_class};
    return average_precision_at(&out, AP_ALL, classes, truths, truth_count, found, found_count, err);
}
