#include "tests/operators/case_checks.h"

#include "base/alloc.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

enum { MOST_BYTES = 1 << 22 }; /* of an output, in these tests */

/* ---- results --------------------------------------------------------------------------------------- */

static bool is_whole(int type)
{
    return type != BSR_F32 && type != BSR_F64 && type != BSR_F16 && type != BSR_BF16;
}

static void check_output(const struct operator_case *row, const struct bsr_tensor *got,
                         const struct bsr_tensor *wanted)
{
    if (got->type != wanted->type || !tensor_same_shape(got, wanted))
        fail_msg("%s(%s) %s: %s %s, not %s %s", row->name, row->attributes, row->how,
                 tensor_type_name(got->type), tensor_shape_text(got).text, tensor_type_name(wanted->type),
                 tensor_shape_text(wanted).text);
    if (is_whole(got->type) && memcmp(got->data, wanted->data, tensor_bytes(got)) != 0)
        fail_msg("%s(%s) %s: other numbers", row->name, row->attributes, row->how);
    for (size_t i = 0; !is_whole(got->type) && i < tensor_count(got); i++) {
        double a = tensor_get(got, i), b = tensor_get(wanted, i);
        if (!(fabs(a - b) <= 1e-5 * fmax(1, fabs(b))) && !(isnan(a) && isnan(b)) && !(a == b))
            fail_msg("%s(%s) %s: element %zu is %g, not %g", row->name, row->attributes, row->how, i, a, b);
    }
}

void check_results(const struct operator_case *rows, size_t count)
{
    for (size_t n = 0; n < count; n++) {
        struct text_call *text = text_call_open(&rows[n]);
        struct bsr_error  err = {0};
        bsr_status        status = text_call_run(text, MOST_BYTES, &err);
        if (!text->refusal && status != BSR_OK)
            fail_msg("%s(%s) %s: %s", rows[n].name, rows[n].attributes, rows[n].how, err.message);
        if (text->refusal && (status != BSR_EMODEL || !strstr(err.message, text->refusal)))
            fail_msg("%s(%s) %s: %d \"%s\", not refused with \"%s\"", rows[n].name, rows[n].attributes,
                     rows[n].how, status, err.message, text->refusal);
        for (int i = 0; !text->refusal && i < text->call.output_count; i++)
            check_output(&rows[n], &text->outputs[i], &text->expected[i]);
        text_call_close(text);
    }
}

/* ---- before numbers are known -------------------------------------------------------------------------- */

void check_shapes_without_values(const struct operator_case *rows, size_t count)
{
    for (size_t n = 0; n < count; n++) {
        struct text_call *text = text_call_open(&rows[n]);
        struct bsr_error  err = {0};
        struct bsr_tensor blind[TEXT_CASE_MAX];
        for (int i = 0; i < text->call.input_count; i++) {
            blind[i] = text->inputs[i];
            blind[i].data = NULL;
            text->pointers[i] = text->inputs[i].type ? &blind[i] : NULL;
        }
        bsr_status status = text->op->shape(&text->call, &err);
        if (status != BSR_OK && status != BSR_EVALUES && !text->refusal)
            fail_msg("%s(%s) %s: %s", rows[n].name, rows[n].attributes, rows[n].how, err.message);
        for (int i = 0; status == BSR_OK && !text->refusal && i < text->call.output_count; i++) {
            assert_true(tensor_same_shape(&text->outputs[i], &text->expected[i]));
            assert_int_equal(text->outputs[i].type, text->expected[i].type);
        }
        text_call_close(text);
    }
}

/* ---- without memory ------------------------------------------------------------------------------------ */

void check_starved(const struct operator_case *rows, size_t count)
{
    for (size_t n = 0; n < count; n++) {
        bsr_status status = BSR_ENOMEM;
        for (size_t fail = 1; status == BSR_ENOMEM; fail++) {
            struct text_call *text = text_call_open(&rows[n]);
            struct bsr_error  err = {0};
            mem_fail_from(fail);
            status = text_call_run(text, MOST_BYTES, &err);
            mem_fail_from(0);
            assert_int_equal(status, status == BSR_ENOMEM ? BSR_ENOMEM : text->refusal ? BSR_EMODEL : BSR_OK);
            text_call_close(text);
        }
    }
}

/* ---- mutations ----------------------------------------------------------------------------------------- */

/* xorshift64* (Vigna 2016). */
static uint64_t random_bits(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1D;
}

static int random_below(uint64_t *state, int count)
{
    return count < 1 ? 0 : (int)(random_bits(state) >> 33) % count;
}

/* A number of the kinds that trip code up. */
static int64_t nasty(uint64_t *state)
{
    static const int64_t numbers[] = {0,         -1,        1,         2,
                                      3,         -2,        -3,        7,
                                      100,       INT64_MAX, INT64_MIN, INT64_MIN + 1,
                                      1 << 30,   1LL << 31, 1LL << 33, -(1LL << 33),
                                      1LL << 62, INT32_MIN};
    return numbers[random_below(state, sizeof numbers / sizeof *numbers)];
}

static void mutate_attribute(struct text_call *text, uint64_t *state)
{
    if (!text->node.attribute_count)
        return;
    int               n = random_below(state, text->node.attribute_count);
    struct attribute *attribute = &text->attributes[n];
    int               choice = random_below(state, 4);

    if (choice == 0) {
        ((char *)attribute->name)[0] = '?'; /* as if it were not there */
    } else if (attribute->kind == ATTRIBUTE_TEXT) {
        size_t length = strlen(attribute->text);
        if (length)
            ((char *)attribute->text)[random_bits(state) % length] = (char)(32 + random_below(state, 96));
    } else if (attribute->kind == ATTRIBUTE_INTS && attribute->count) {
        if (choice == 1)
            attribute->count = random_below(state, attribute->count + 1);
        else
            ((int64_t *)attribute->ints)[random_below(state, attribute->count)] = nasty(state);
    } else {
        attribute->i = nasty(state);
        attribute->f = (float)attribute->i;
    }
}

/* Another type or shape, small, and filled anew. */
static void replace_input(struct bsr_tensor *in, uint64_t *state)
{
    struct bsr_tensor other = *in;
    int               choice = random_below(state, 3);

    if (choice == 0)
        do
            other.type = 1 + random_below(state, BSR_BF16);
        while (!tensor_type_size(other.type));
    if (choice == 1)
        other.dims = random_below(state, BSR_MAX_DIMS + 1);
    for (int i = 0; i < other.dims; i++)
        if (i >= in->dims || !random_below(state, 3))
            other.shape[i] = random_below(state, 5);
    if (tensor_bytes(&other) > MOST_BYTES)
        return;
    assert_int_equal(tensor_alloc(&other, NULL), BSR_OK);
    for (size_t i = 0; i < tensor_count(&other); i++)
        tensor_set_int(&other, i, random_below(state, 6) ? random_below(state, 9) - 3 : nasty(state));
    tensor_free(in);
    *in = other;
}

static void mutate_input(struct text_call *text, uint64_t *state)
{
    if (!text->call.input_count)
        return;
    int                n = random_below(state, text->call.input_count), choice = random_below(state, 8);
    struct bsr_tensor *in = &text->inputs[n];

    if (!text->pointers[n])
        return;
    if (choice == 0)
        text->pointers[n] = NULL;
    else if (choice == 1)
        text->call.input_count--;
    else if (choice < 5)
        replace_input(in, state);
    else if (tensor_count(in))
        tensor_set_int(in, random_bits(state) % tensor_count(in), nasty(state));
}

/* Sides that no memory holds: shape() alone can be asked. */
static void ask_for_giants(struct text_call *text, uint64_t *state)
{
    struct bsr_tensor giants[TEXT_CASE_MAX];
    struct bsr_error  err = {0};

    for (int i = 0; i < text->call.input_count; i++) {
        giants[i] = text->inputs[i];
        if (!text->pointers[i] || !giants[i].dims || random_below(state, 2))
            continue;
        int64_t side = nasty(state);
        giants[i].shape[random_below(state, giants[i].dims)] = side < 0 ? 0 : side;
        giants[i].data = NULL;
        text->pointers[i] = &giants[i];
    }
    bsr_status status = text->op->shape(&text->call, &err);
    assert_true(status == BSR_OK || err.message[0]);
}

void check_mutated(const struct operator_case *rows, size_t count, unsigned rounds)
{
    uint64_t state = 0x9E3779B97F4A7C15;

    for (unsigned round = 0; round < rounds; round++) {
        struct text_call *text = text_call_open(&rows[round % count]);
        struct bsr_error  err = {0};
        for (int changes = 1 + random_below(&state, 3); changes; changes--)
            if (random_below(&state, 2))
                mutate_attribute(text, &state);
            else
                mutate_input(text, &state);
        if (!random_below(&state, 10))
            text->call.output_count = 1 + random_below(&state, 5);
        bsr_status status = text_call_run(text, MOST_BYTES, &err);
        assert_true(status == BSR_OK || err.message[0]);
        ask_for_giants(text, &state);
        text_call_close(text);
    }
}
