#include "postprocess/confusion.h"

#include "base/alloc.h"
#include "postprocess/box_overlap.h"

#include <stdlib.h>

/* A detection and a thing that overlap enough. */
struct pair {
    double overlap;
    size_t truth, found;
};

struct matching {
    struct pair *pairs;
    size_t       count;
    bool        *truth_taken, *found_taken;
};

static bool counts_not(const struct ap_truth *truth)
{
    return truth->crowd || truth->ignored;
}

static int by_overlap(const void *left, const void *right)
{
    const struct pair *a = left, *b = right;
    int                order = (a->overlap < b->overlap) - (a->overlap > b->overlap);
    if (!order)
        order = (a->found > b->found) - (a->found < b->found);
    return order ? order : (a->truth > b->truth) - (a->truth < b->truth);
}

static void find_pairs(struct matching *made, const struct ap_truth *truths, size_t truth_count,
                       const struct ap_found *found, size_t found_count,
                       const struct confusion_limits *limits)
{
    for (size_t f = 0; f < found_count; f++)
        for (size_t t = 0; found[f].score >= limits->score && t < truth_count; t++) {
            double overlap = box_overlap(&found[f], &truths[t]);
            if (overlap >= limits->overlap)
                made->pairs[made->count++] = (struct pair){overlap, t, f};
        }
    qsort(made->pairs, made->count, sizeof *made->pairs, by_overlap);
}

static void count_up(uint32_t *counts, int classes, int truth, int found)
{
    if (counts)
        counts[(size_t)truth * ((size_t)classes + 1) + (size_t)found]++;
}

/* First the pairs of things that count, then what finds only others is set aside. */
static void count_pairs(struct matching *made, struct confusion_tally *tally, uint32_t *counts, int classes,
                        const struct ap_truth *truths, const struct ap_found *found)
{
    for (size_t i = 0; i < made->count; i++) {
        const struct pair *pair = &made->pairs[i];
        if (made->truth_taken[pair->truth] || made->found_taken[pair->found] ||
            counts_not(&truths[pair->truth]))
            continue;
        made->truth_taken[pair->truth] = made->found_taken[pair->found] = true;
        int truth = truths[pair->truth].class_index, as = found[pair->found].class_index;
        if (truth == as)
            tally->correct++;
        else
            tally->confused++;
        count_up(counts, classes, truth, as);
    }
    for (size_t i = 0; i < made->count; i++)
        if (counts_not(&truths[made->pairs[i].truth]))
            made->found_taken[made->pairs[i].found] = true;
}

static void count_rest(const struct matching *made, struct confusion_tally *tally, uint32_t *counts,
                       int classes, const struct ap_truth *truths, size_t truth_count,
                       const struct ap_found *found, size_t found_count, double score)
{
    for (size_t t = 0; t < truth_count; t++)
        if (!made->truth_taken[t] && !counts_not(&truths[t])) {
            tally->missed++;
            count_up(counts, classes, truths[t].class_index, classes);
        }
    for (size_t f = 0; f < found_count; f++)
        if (!made->found_taken[f] && found[f].score >= score) {
            tally->extra++;
            count_up(counts, classes, classes, found[f].class_index);
        }
}

double confusion_f1(const struct confusion_tally *tally)
{
    size_t things = tally->correct + tally->confused + tally->missed;
    size_t detections = tally->correct + tally->confused + tally->extra;
    return things + detections ? 2 * (double)tally->correct / (double)(things + detections) : 1;
}

bsr_status confusion_add(struct confusion_tally *tally, uint32_t *counts, int classes,
                         const struct ap_truth *truths, size_t truth_count, const struct ap_found *found,
                         size_t found_count, const struct confusion_limits *limits, struct bsr_error *err)
{
    struct matching made = {
        .pairs = mem_alloc_zeroed(mem_product(truth_count + 1, found_count + 1), sizeof *made.pairs),
        .truth_taken = mem_alloc_zeroed(truth_count, sizeof *made.truth_taken),
        .found_taken = mem_alloc_zeroed(found_count, sizeof *made.found_taken),
    };
    bsr_status status = made.pairs && made.truth_taken && made.found_taken
                            ? BSR_OK
                            : bsr_fail_memory(err, "confusion", mem_product(truth_count, found_count));
    if (status == BSR_OK) {
        find_pairs(&made, truths, truth_count, found, found_count, limits);
        count_pairs(&made, tally, counts, classes, truths, found);
        count_rest(&made, tally, counts, classes, truths, truth_count, found, found_count, limits->score);
    }
    mem_free(made.pairs);
    mem_free(made.truth_taken);
    mem_free(made.found_taken);
    return status;
}
