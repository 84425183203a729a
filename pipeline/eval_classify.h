/* pipeline/eval_classify.h: says of a batch of pictures what they show, and how often that is right. */
#pragma once

#include "pipeline/classify.h"
#include "pipeline/job.h"
#include "postprocess/confusion.h"

enum { EVAL_TOP = 5 };

struct eval_classify_options {
    struct classify_options classify; /* its `top` doesn't count */
    bool                    as_stored;
    const char             *truth; /* see truth_read_labels() */
};

struct eval_classify;

/* As eval_detect_open(). BSR_EMODEL also when nobody says how many classes the model has. */
bsr_status eval_classify_open(struct eval_classify **out, const struct job *job,
                              const struct eval_classify_options *options, struct bytes *notes,
                              struct bsr_error *err);
void       eval_classify_close(struct eval_classify *eval);
void       eval_classify_work(void *context, struct batch *batch, int worker, size_t index,
                              struct item_result *result);

/* What became of one picture. */
struct eval_guess {
    size_t source;
    int    truth, best; /* classes */
    int    rank;        /* of the truth, 1 is the best; 0: not among the first EVAL_TOP */
    float  score;       /* of the best */
};

struct eval_class {
    size_t pictures, first, among; /* of this class; right at once; among the first EVAL_TOP */
};

/* Release with eval_classification_free(). */
struct eval_classification {
    int                classes;
    struct eval_class  all;
    struct eval_class *per_class; /* [classes] */
    uint32_t          *confusion; /* [classes][classes]: truth, best; NULL over CONFUSION_MAX_CLASSES */
    struct eval_guess *guesses;   /* [guess_count]; the wrong ones that were surest first, right ones last */
    size_t             guess_count;
};

bsr_status eval_classify_finish(struct eval_classification *out, const struct eval_classify *eval,
                                struct bsr_error *err);
void       eval_classification_free(struct eval_classification *result);

/* As classifier_class_name(). */
const char *eval_classify_class(const struct eval_classify *eval, int class_index, char space[32]);
