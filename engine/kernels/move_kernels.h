/* engine/kernels/move_kernels.h: pixels copied, mixed and turned into planes (lines.h). Included by the
 * levels' files. */
#pragma once

#include "engine/kernels/lines.h"
#include "engine/kernels/vector.h"

/* ---- copies ------------------------------------------------------------------------------------- */

/* `count` floats, not one more. */
static ALWAYS_INLINE void copy_floats(float *to, const float *from, int count)
{
    int i = 0;

    for (; i + VECTOR_FLOATS <= count; i += VECTOR_FLOATS)
        vec_store(to + i, vec_load(from + i));
    if (i == count)
        return;
#if VECTOR_FLOATS > 8
    vec_store_part(to + i, vec_load_part(from + i, vec_mask_of(count - i)), vec_mask_of(count - i));
#else
    if (count >= VECTOR_FLOATS) { /* the last vector again, up to the end */
        vec_store(to + count - VECTOR_FLOATS, vec_load(from + count - VECTOR_FLOATS));
        return;
    }
    for (; i < count; i++)
        to[i] = from[i];
#endif
}

static void run_spread(const struct spread_line *line)
{
    float *out = line->out;

    for (int x = 0; x < line->pixels; x++)
        for (int i = 0; i < line->times; i++, out += line->out_pixel) {
            copy_floats(out, line->in + x * line->in_pixel, line->channels);
            for (int c = 0; c < line->zeros; c++)
                out[line->channels + c] = 0.0F;
        }
}

/* ---- mixes -------------------------------------------------------------------------------------- */

static void run_mix(const struct mix_line *line)
{
    for (int x = 0; x < line->pixels; x++) {
        const struct tap *tap = &line->taps[(ptrdiff_t)x * line->tap_step];
        const float      *in = line->in + x * line->in_pixel;
        const vec         second = vec_all(tap->part), first = vec_all(1.0F - tap->part);
        float            *out = line->out + x * line->out_pixel;
        for (int c = 0; c < line->channels; c += VECTOR_FLOATS) {
            const vec_mask mask = vec_mask_of(line->channels - c);
            vec            a = vec_load_part(in + tap->at[0] + c, mask);
            vec            b = vec_load_part(in + tap->at[1] + c, mask);
            vec_store_part(out + c, vec_fma(second, b, first * a), mask);
        }
    }
}

/* ---- turns: squares of SIDE x SIDE, in registers -------------------------------------------------- */

#if VECTOR_FLOATS == 4
enum { SIDE = 4 };
#else
enum { SIDE = 8 };                           /* a grain: wider squares would leave half of one */
#endif

typedef float side __attribute__((vector_size(4 * SIDE)));

#define MIXED(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)

static ALWAYS_INLINE void turn_square(side v[SIDE])
{
    side w[SIDE];

#if VECTOR_FLOATS == 4
    UNROLL for (int i = 0; i < SIDE; i += 2)
    {
        w[i] = MIXED(v[i], v[i + 1], 0, 4, 1, 5);
        w[i + 1] = MIXED(v[i], v[i + 1], 2, 6, 3, 7);
    }
    UNROLL for (int i = 0; i < 2; i++)
    {
        v[2 * i] = MIXED(w[i], w[i + 2], 0, 1, 4, 5);
        v[2 * i + 1] = MIXED(w[i], w[i + 2], 2, 3, 6, 7);
    }
#else
    UNROLL for (int i = 0; i < SIDE; i += 2) /* pairs of rows, within halves */
    {
        w[i] = MIXED(v[i], v[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        w[i + 1] = MIXED(v[i], v[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    UNROLL for (int i = 0; i < SIDE; i += 4) /* fours of rows */
        UNROLL for (int j = 0; j < 2; j++)
    {
        v[i + 2 * j] = MIXED(w[i + j], w[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
        v[i + 2 * j + 1] = MIXED(w[i + j], w[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
    UNROLL for (int i = 0; i < SIDE / 2; i++) /* the halves */
    {
        w[i] = MIXED(v[i], v[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        w[i + 4] = MIXED(v[i], v[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
    UNROLL for (int i = 0; i < SIDE; i++) v[i] = w[i];
#endif
}

/* Rows `row` .. `row` + SIDE - 1 at `column`, of which `columns` are stored; rows that are not there are
 * zero. */
static ALWAYS_INLINE void turn_at(const struct turn *turn, int row, int column, int rows, int columns)
{
    const float *from = turn->from + row * turn->from_row + column;
    float       *to = turn->to + column * turn->to_row + row;
    side         v[SIDE] = {0};

    UNROLL for (int i = 0; i < SIDE; i++) if (i < rows) memcpy(&v[i], from + i * turn->from_row, sizeof(*v));
    turn_square(v);
    UNROLL for (int i = 0; i < SIDE; i++) if (i < columns) memcpy(to + i * turn->to_row, &v[i], sizeof(*v));
}

static NEVER_INLINE void turn_cut(const struct turn *turn, int row, int column, int rows, int columns)
{
    turn_at(turn, row, column, rows, columns);
}

/* Where there is no room for a square. */
static void turn_floats(const struct turn *turn, int first, int last, int column, int columns)
{
    for (int j = column; j < column + columns; j++)
        for (int i = first; i < last; i++)
            turn->to[j * turn->to_row + i] = i < turn->rows ? turn->from[i * turn->from_row + j] : 0.0F;
}

/* Squares whose SIDE outputs can all be stored, at a column where SIDE can be read. */
static ALWAYS_INLINE void turn_column(const struct turn *turn, int first, int last, int column, int columns)
{
    int row = first;

    for (; row + SIDE <= last; row += SIDE)
        if (columns == SIDE && row + SIDE <= turn->rows)
            turn_at(turn, row, column, SIDE, SIDE);
        else if (columns == SIDE && turn->rows - row == 3) /* colours */
            turn_at(turn, row, column, 3, SIDE);
        else
            turn_cut(turn, row, column, turn->rows - row, columns);
    if (row == last)
        return;
    if (last - SIDE >= 0) /* the last rows again: up to the end */
        turn_cut(turn, last - SIDE, column, turn->rows - (last - SIDE), columns);
    else
        turn_floats(turn, row, last, column, columns);
}

#if VECTOR_FLOATS > 4
enum { LINE = 2 * SIDE }; /* floats in a line of the cache */

/* Lines as wholes: LINE rows and SIDE columns, of which `columns` are stored. */
static ALWAYS_INLINE void turn_lines(const struct turn *turn, int row, int column, int columns)
{
    const float *from = turn->from + row * turn->from_row + column;
    float       *to = turn->to + column * turn->to_row + row;
    side         v[2][SIDE];

    UNROLL for (int half = 0; half < 2; half++)
    {
        UNROLL for (int i = 0; i < SIDE; i++)
            memcpy(&v[half][i], from + (half * SIDE + i) * turn->from_row, sizeof(side));
        turn_square(v[half]);
    }
    UNROLL for (int i = 0; i < SIDE; i++) if (i < columns)
    {
        _mm256_stream_ps(to + i * turn->to_row, (__m256)v[0][i]);
        _mm256_stream_ps(to + i * turn->to_row + SIDE, (__m256)v[1][i]);
    }
}

/* How many of the rows could be turned past the caches: none where lines begin elsewhere. */
static int turn_far(const struct turn *turn)
{
    const bool whole = (uintptr_t)turn->to % (LINE * sizeof(float)) == 0 && turn->to_row % LINE == 0 &&
                       turn->rows == turn->fill && turn->readable >= map_padded(turn->columns);
    const int rows = whole ? turn->rows / LINE * LINE : 0;

    for (int row = 0; row < rows; row += LINE)
        for (int column = 0; column < turn->columns; column += SIDE)
            if (turn->columns - column >= SIDE)
                turn_lines(turn, row, column, SIDE);
            else
                turn_lines(turn, row, column, turn->columns - column);
    _mm_sfence(); /* before any other thread reads them */
    return rows;
}
#else
static int turn_far(const struct turn *turn)
{
    (void)turn;
    return 0;
}
#endif

/* Bands of rows, so that what is read in lines of the cache is still near for the next columns. */
static void run_turn(const struct turn *turn)
{
    enum { BAND = 64 };
    int begin = turn->far ? turn_far(turn) : 0;

    for (int first = begin; first < turn->fill; first += BAND) {
        int last = turn->fill - first > BAND ? first + BAND : turn->fill, column = 0;
        for (; column + SIDE <= turn->columns; column += SIDE)
            turn_column(turn, first, last, column, SIDE);
        if (column == turn->columns)
            continue;
        if (column + SIDE <= turn->readable)
            turn_column(turn, first, last, column, turn->columns - column);
        else if (turn->columns >= SIDE)
            turn_column(turn, first, last, turn->columns - SIDE, SIDE);
        else
            turn_floats(turn, first, last, column, turn->columns - column);
    }
}

/* ---- every other one ------------------------------------------------------------------------------ */

#if VECTOR_FLOATS == 4
#define EVENS(a, b)  MIXED(a, b, 0, 2, 4, 6)
#define ODDS(a, b)   MIXED(a, b, 1, 3, 5, 7)
#define FIRSTS(a, b) MIXED(a, b, 0, 4, 1, 5)
#define LASTS(a, b)  MIXED(a, b, 2, 6, 3, 7)
#else
#define EVENS(a, b)  MIXED(a, b, 0, 2, 4, 6, 8, 10, 12, 14)
#define ODDS(a, b)   MIXED(a, b, 1, 3, 5, 7, 9, 11, 13, 15)
#define FIRSTS(a, b) MIXED(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define LASTS(a, b)  MIXED(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#endif

static ALWAYS_INLINE side side_load(const float *from)
{
    side v;
    memcpy(&v, from, sizeof(v));
    return v;
}

static ALWAYS_INLINE void side_store(float *to, side v)
{
    memcpy(to, &v, sizeof(v));
}

static void run_part(const float *from, int count, float *even, float *odd)
{
    int i = 0;

    for (; i + SIDE <= count; i += SIDE) {
        side a = side_load(from + 2 * i), b = side_load(from + 2 * i + SIDE);
        side_store(even + i, EVENS(a, b));
        side_store(odd + i, ODDS(a, b));
    }
    for (; i < count; i++) {
        even[i] = from[2 * i];
        odd[i] = from[2 * i + 1];
    }
}

static void run_weave(const float *even, const float *odd, int count, float *to)
{
    int i = 0;

    for (; i + SIDE <= count; i += SIDE) {
        side a = side_load(even + i), b = side_load(odd + i);
        side_store(to + 2 * i, FIRSTS(a, b));
        side_store(to + 2 * i + SIDE, LASTS(a, b));
    }
    for (; i < count; i++) {
        to[2 * i] = even[i];
        to[2 * i + 1] = odd[i];
    }
}

#define MOVE_KERNELS                                                                                         \
    .spread = run_spread, .mix = run_mix, .turn = run_turn, .part = run_part, .weave = run_weave
