/* Einsum: sums of products over named axes, "bij,bjk->bik", as NumPy's einsum understands them. */
#include "operators/elements.h"
#include "operators/move.h"
#include "operators/numbers.h"
#include "operators/shadow.h"

#include <ctype.h>
#include <string.h>

enum {
    LETTERS = 52,                    /* a .. z, A .. Z */
    LABELS = LETTERS + BSR_MAX_DIMS, /* behind the letters: the axes of "...", the last of them last */
    EINSUM_MAX_INPUTS = 16,
};

/* An operand of the equation: the labels of its axes. */
struct term {
    int labels[BSR_MAX_DIMS];
    int count;
    int ellipsis; /* where "..." stands among the labels; -1: nowhere */
};

struct einsum {
    struct term inputs[EINSUM_MAX_INPUTS], output;
    int64_t     sides[LABELS]; /* -1: a label that is not used */
    int         ellipsis;      /* axes of the longest "..." */
};

static int label_of(char c)
{
    return islower((unsigned char)c) ? c - 'a' : c - 'A' + 26;
}

/* ---- the equation ----------------------------------------------------------------------------------- */

/* Reads a term up to a comma, "->" or the end; *text is left there. */
static bsr_status read_term(struct term *term, const char **text, struct bsr_error *err)
{
    const char *at = *text;

    *term = (struct term){.ellipsis = -1};
    for (; *at && *at != ',' && strncmp(at, "->", 2) != 0; at++) {
        if (*at == ' ')
            continue;
        if (strncmp(at, "...", 3) == 0 && term->ellipsis < 0) {
            term->ellipsis = term->count;
            at += 2;
        } else if (isascii((unsigned char)*at) && isalpha((unsigned char)*at) && term->count < BSR_MAX_DIMS) {
            term->labels[term->count++] = label_of(*at);
        } else {
            return call_refuse(err, "its equation can't be read from \"%.32s\" on", at);
        }
    }
    *text = at;
    return BSR_OK;
}

/* Without "->": the axes of "...", then the letters that occur once, in the order of the alphabet (capitals
 * first, as in ASCII). */
static bsr_status imply_output(struct einsum *sum, int inputs, struct bsr_error *err)
{
    int seen[LETTERS] = {0};

    sum->output = (struct term){.ellipsis = -1};
    for (int n = 0; n < inputs; n++) {
        if (sum->inputs[n].ellipsis >= 0)
            sum->output.ellipsis = 0;
        for (int i = 0; i < sum->inputs[n].count; i++)
            seen[sum->inputs[n].labels[i]]++;
    }
    for (int i = 0; i < LETTERS; i++) {
        int label = (i + 26) % LETTERS;
        if (seen[label] != 1)
            continue;
        if (sum->output.count == BSR_MAX_DIMS)
            return call_refuse(err, "its result has more than %d dimensions", BSR_MAX_DIMS);
        sum->output.labels[sum->output.count++] = label;
    }
    return BSR_OK;
}

static bsr_status read_equation(struct einsum *sum, const struct bsr_call *call, struct bsr_error *err)
{
    const char *text = bsr_node_text(call->node, "equation", "");

    for (int n = 0; n < call->input_count; n++) {
        bsr_status status = read_term(&sum->inputs[n], &text, err);
        if (status != BSR_OK)
            return status;
        if (n + 1 < call->input_count && *text++ != ',')
            return call_refuse(err, "its equation has fewer terms than it has inputs");
    }
    if (*text == ',')
        return call_refuse(err, "its equation has more terms than it has inputs");
    if (!*text)
        return imply_output(sum, call->input_count, err);
    text += strlen("->");
    bsr_status status = read_term(&sum->output, &text, err);
    return status == BSR_OK && *text ? call_refuse(err, "its equation goes on behind the result") : status;
}

/* ---- the axes --------------------------------------------------------------------------------------- */

/* Puts the labels of `axes` axes in the place of "...". */
static bsr_status expand_ellipsis(struct term *term, int axes, struct bsr_error *err)
{
    if (term->ellipsis < 0)
        return BSR_OK;
    if (axes < 0 || term->count + axes > BSR_MAX_DIMS)
        return call_refuse(err, "a term of its equation has too many or too few axes");
    int *at = &term->labels[term->ellipsis];
    memmove(at + axes, at, (size_t)(term->count - term->ellipsis) * sizeof *at);
    for (int i = 0; i < axes; i++)
        at[i] = LABELS - axes + i;
    term->count += axes;
    return BSR_OK;
}

/* Gives the labels of a term the sides of its tensor; a side of 1 fits all. */
static bsr_status join_sides(struct einsum *sum, const struct term *term, const struct bsr_tensor *in,
                             struct bsr_error *err)
{
    if (term->count != in->dims)
        return call_refuse(err, "a term of its equation has %d axes, its input is %s", term->count,
                           tensor_shape_text(in).text);
    for (int i = 0; i < term->count; i++) {
        int64_t *side = &sum->sides[term->labels[i]];
        if (*side >= 0 && *side != 1 && in->shape[i] != 1 && *side != in->shape[i])
            return call_refuse(err, "an axis of its equation has the sides %lld and %lld", (long long)*side,
                               (long long)in->shape[i]);
        if (*side < 0 || *side == 1)
            *side = in->shape[i];
    }
    return BSR_OK;
}

static bsr_status check_output(const struct einsum *sum, struct bsr_error *err)
{
    bool seen[LABELS] = {false};

    for (int i = 0; i < sum->output.count; i++) {
        int label = sum->output.labels[i];
        if (sum->sides[label] < 0 || seen[label])
            return call_refuse(err, "axis %d of its result is in no input, or there twice", i);
        seen[label] = true;
    }
    return BSR_OK;
}

static bsr_status einsum_make(struct einsum *sum, const struct bsr_call *call, struct bsr_error *err)
{
    bsr_status status = read_equation(sum, call, err);

    sum->ellipsis = 0;
    for (int i = 0; i < LABELS; i++)
        sum->sides[i] = -1;
    for (int n = 0; status == BSR_OK && n < call->input_count; n++) {
        int axes = call->inputs[n]->dims - sum->inputs[n].count;
        if (sum->inputs[n].ellipsis >= 0 && axes > sum->ellipsis)
            sum->ellipsis = axes;
        status = expand_ellipsis(&sum->inputs[n], axes, err);
        if (status == BSR_OK)
            status = join_sides(sum, &sum->inputs[n], call->inputs[n], err);
    }
    if (status == BSR_OK)
        status = expand_ellipsis(&sum->output, sum->ellipsis, err);
    return status == BSR_OK ? check_output(sum, err) : status;
}

static bsr_status einsum_shape(const struct bsr_call *call, struct bsr_error *err)
{
    struct einsum sum;
    int64_t       sides[BSR_MAX_DIMS];
    bsr_status    status = move_expect(call, 1, EINSUM_MAX_INPUTS, 1, err);

    for (int n = 0; status == BSR_OK && n < call->input_count; n++)
        if (!call->inputs[n] || call->inputs[n]->type != call->inputs[0]->type ||
            call->inputs[n]->type == BSR_BOOL)
            return call_refuse(err, "its input %d is missing, or not of the type of the first", n + 1);
    if (status == BSR_OK)
        status = einsum_make(&sum, call, err);
    if (status != BSR_OK)
        return status;
    for (int i = 0; i < sum.output.count; i++)
        sides[i] = sum.sides[sum.output.labels[i]];
    return move_set(call, 0, call->inputs[0]->type, sum.output.count, sides, err);
}

/* ---- the sum ---------------------------------------------------------------------------------------- */

/* Loops over the labels of the result, and inside of them over those that are summed up. */
struct loops {
    int64_t sides[LABELS];
    int64_t steps[EINSUM_MAX_INPUTS][LABELS]; /* elements an input moves by */
    int     outer, count;                     /* axes of the result, and all */
};

static void add_loop(struct loops *loops, const struct einsum *sum, const struct bsr_call *call, int label)
{
    int at = loops->count++;

    loops->sides[at] = sum->sides[label];
    for (int n = 0; n < call->input_count; n++) {
        const struct bsr_tensor *in = call->inputs[n];
        int64_t                  strides[BSR_MAX_DIMS];
        call_strides(strides, in);
        loops->steps[n][at] = 0;
        for (int i = 0; i < sum->inputs[n].count; i++) /* a label that occurs twice goes along the diagonal */
            if (sum->inputs[n].labels[i] == label && in->shape[i] != 1)
                loops->steps[n][at] += strides[i];
    }
}

static void make_loops(struct loops *loops, const struct einsum *sum, const struct bsr_call *call)
{
    bool in_output[LABELS] = {false};

    loops->count = 0;
    for (int i = 0; i < sum->output.count; i++) {
        in_output[sum->output.labels[i]] = true;
        add_loop(loops, sum, call, sum->output.labels[i]);
    }
    loops->outer = loops->count;
    for (int label = 0; label < LABELS; label++)
        if (sum->sides[label] >= 0 && !in_output[label])
            add_loop(loops, sum, call, label);
}

/* Where each input is, `position` steps of the loops first .. last - 1 on from `from`. */
static void find_places(size_t *places, const size_t *from, const struct loops *loops, int first, int last,
                        const int64_t *position, int inputs)
{
    for (int n = 0; n < inputs; n++) {
        places[n] = from ? from[n] : 0;
        for (int i = first; i < last; i++)
            places[n] += (size_t)(position[i] * loops->steps[n][i]);
    }
}

static double sum_reals(const struct bsr_call *call, const struct loops *loops, const size_t *start)
{
    int64_t position[LABELS] = {0};
    size_t  places[EINSUM_MAX_INPUTS];
    double  sum = 0;

    do {
        double product = 1;
        find_places(places, start, loops, loops->outer, loops->count, position, call->input_count);
        for (int n = 0; n < call->input_count; n++)
            product *= ((const double *)call->inputs[n]->data)[places[n]];
        sum += product;
    } while (move_next(position + loops->outer, loops->sides + loops->outer, loops->count - loops->outer));
    return sum;
}

static uint64_t sum_wholes(const struct bsr_call *call, const struct loops *loops, const size_t *start)
{
    int64_t  position[LABELS] = {0};
    size_t   places[EINSUM_MAX_INPUTS];
    uint64_t sum = 0;

    do {
        uint64_t product = 1;
        find_places(places, start, loops, loops->outer, loops->count, position, call->input_count);
        for (int n = 0; n < call->input_count; n++)
            product *= number_get_bits(call->inputs[n], places[n]);
        sum += product;
    } while (move_next(position + loops->outer, loops->sides + loops->outer, loops->count - loops->outer));
    return sum;
}

static bsr_status einsum_run_wide(const struct bsr_call *call, struct bsr_error *err)
{
    struct einsum      sum;
    struct loops       loops;
    struct bsr_tensor *out = &call->outputs[0];
    int64_t            position[LABELS] = {0};
    size_t             places[EINSUM_MAX_INPUTS], to = 0;
    bsr_status         status = einsum_make(&sum, call, err);
    if (status != BSR_OK || !tensor_count(out))
        return status;

    for (int n = 0; n < call->input_count; n++)
        if (!tensor_count(call->inputs[n])) { /* a sum of nothing */
            memset(out->data, 0, tensor_bytes(out));
            return BSR_OK;
        }
    make_loops(&loops, &sum, call);
    do {
        find_places(places, NULL, &loops, 0, loops.outer, position, call->input_count);
        if (out->type == BSR_F64)
            ((double *)out->data)[to++] = sum_reals(call, &loops, places);
        else
            number_set_bits(out, to++, sum_wholes(call, &loops, places));
    } while (move_next(position, loops.sides, loops.outer));
    return BSR_OK;
}

static bsr_status einsum_run(const struct bsr_call *call, struct bsr_error *err)
{
    return type_is_float(call->inputs[0]->type) ? shadow_run(call, BSR_F64, einsum_run_wide, err)
                                                : einsum_run_wide(call, err);
}

static const struct bsr_operator operators[] = {
    {"Einsum", einsum_shape, einsum_run},
};

const struct operator_group operators_einsum = OPERATOR_GROUP(operators);
