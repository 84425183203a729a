#include "tests/backend/operator_table.h"

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OPSETS = 32, MAX_REASONS = 16, SHOWN_REASONS = 3, REASON_SIZE = 200 };

struct reason {
    char text[REASON_SIZE];
    int  count;
};

struct operator_row {
    char          name[sizeof((struct case_about *)0)->name];
    int64_t       opsets[MAX_OPSETS];
    int           opset_count;
    int           cases, f32_cases;
    int           passed[CASE_ENGINES], f32_passed[CASE_ENGINES];
    struct reason reasons[MAX_REASONS];
    int           reason_count;
};

static const char *const titles[CASE_ENGINES] = {
    [CASE_BESRA] = "besra's operators",
    [CASE_OPENCV] = "through OpenCV",
};

/* Lines of the page's text are wrapped by hand: they are read in an editor, too. */
static const char head[] =
    "# Operators\n"
    "\n"
    "What besra does with ONNX's own node tests (onnx/backend/test/data/node): each case is a graph of one "
    "operator, its inputs, and the\n"
    "outputs that it must give. This page is written by the program that runs them, and a test compares the "
    "two: it says what was found.\n"
    "\n"
    "`besra's operators` is the graph run by them alone (`--engine besra`). `through OpenCV` is what `besra "
    "detect` and the others do: OpenCV\n"
    "runs what it runs right, besra's operators the rest. A case counts for the operator that it is made "
    "for, "
    "also where that is\n"
    "written out as the graph of its function. `opset` is the one that the cases are written in; older forms "
    "of an operator, from opset 7\n"
    "on, are run too. What can't be run is refused with the reason that stands here. Your own operators are "
    "added by a\n"
    "[plugin](custom-operators.md).\n"
    "\n";

static struct operator_row *find_row(struct operator_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->rows[i].name, name) == 0)
            return &table->rows[i];
    if (table->count == table->capacity) {
        size_t capacity = table->capacity ? table->capacity * 2 : 64;
        void  *rows = mem_resize(table->rows, capacity, sizeof *table->rows);
        if (!rows)
            return NULL;
        table->rows = rows;
        table->capacity = capacity;
    }
    struct operator_row *row = &table->rows[table->count++];
    memset(row, 0, sizeof *row);
    memcpy(row->name, name, strlen(name) + 1);
    return row;
}

static void note_opset(struct operator_row *row, int64_t opset)
{
    int at = row->opset_count;

    for (int i = 0; i < row->opset_count; i++)
        if (row->opsets[i] == opset)
            return;
    if (at == MAX_OPSETS)
        return;
    for (; at && row->opsets[at - 1] > opset; at--)
        row->opsets[at] = row->opsets[at - 1];
    row->opsets[at] = opset;
    row->opset_count++;
}

/* A cell of the table: one line, its bars escaped. */
static void copy_cell(char *cell, size_t size, const char *prefix, const char *text)
{
    struct bytes bytes = {0};

    bytes_append_text(&bytes, prefix);
    for (; *text; text++)
        bytes_append_format(&bytes, "%s%c", *text == '|' ? "\\" : "", *text == '\n' ? ' ' : *text);
    snprintf(cell, size, "%s", bytes_text(&bytes));
    bytes_free(&bytes);
}

/* Behind "node Y (Conv): ": the table's row says which operator it is. */
static const char *behind_node(const char *text)
{
    const char *end = strncmp(text, "node ", 5) == 0 ? strstr(text, "): ") : NULL;
    return end ? end + 3 : text;
}

static void note_reason(struct operator_row *row, const char *prefix, const char *text)
{
    char cell[REASON_SIZE];

    copy_cell(cell, sizeof cell, prefix, behind_node(text));
    for (int i = 0; i < row->reason_count; i++)
        if (strcmp(row->reasons[i].text, cell) == 0) {
            row->reasons[i].count++;
            return;
        }
    if (row->reason_count == MAX_REASONS)
        return;
    struct reason *reason = &row->reasons[row->reason_count++];
    memcpy(reason->text, cell, sizeof cell);
    reason->count = 1;
}

bool operator_table_add(struct operator_table *table, const struct case_about *about,
                        const struct verdict *verdicts)
{
    struct operator_row *row = find_row(table, about->name);
    bool                 explained = false;

    if (!row)
        return false;
    note_opset(row, about->opset);
    row->cases++;
    row->f32_cases += about->only_f32;
    for (int engine = 0; engine < CASE_ENGINES; engine++) {
        if (!table->engines[engine])
            continue;
        bool passed = verdicts[engine].outcome == PASSED;
        row->passed[engine] += passed;
        row->f32_passed[engine] += passed && about->only_f32;
        if (!passed && !explained)
            note_reason(row, engine == CASE_OPENCV && table->engines[CASE_BESRA] ? "through OpenCV: " : "",
                        verdicts[engine].reason);
        explained |= !passed;
    }
    return true;
}

/* ---- the page -------------------------------------------------------------------------------------- */

static int compare_rows(const void *a, const void *b)
{
    const struct operator_row *first = a, *second = b;
    return strcmp(first->name, second->name);
}

static int compare_reasons(const void *a, const void *b)
{
    const struct reason *first = a, *second = b;
    return first->count != second->count ? second->count - first->count : strcmp(first->text, second->text);
}

static void write_totals(const struct operator_table *table, struct bytes *out)
{
    for (int engine = 0; engine < CASE_ENGINES; engine++) {
        int cases = 0, passed = 0, whole = 0, f32 = 0;
        if (!table->engines[engine])
            continue;
        for (size_t i = 0; i < table->count; i++) {
            const struct operator_row *row = &table->rows[i];
            cases += row->cases;
            passed += row->passed[engine];
            whole += row->passed[engine] == row->cases;
            f32 += row->f32_cases && row->f32_passed[engine] == row->f32_cases;
        }
        bytes_append_format(out,
                            "- %s: %d of %d cases pass. Of %zu operators %d pass all of their cases, and %d "
                            "all that are in f32.\n",
                            titles[engine], passed, cases, table->count, whole, f32);
    }
}

static void write_heads(const struct operator_table *table, struct bytes *out)
{
    bytes_append_text(out, "\n| operator | opset | cases |");
    for (int engine = 0; engine < CASE_ENGINES; engine++)
        if (table->engines[engine])
            bytes_append_format(out, " %s |", titles[engine]);
    bytes_append_text(out, " the others |\n| --- | --- | --- | --- |");
    for (int engine = 0; engine < CASE_ENGINES; engine++)
        bytes_append_text(out, table->engines[engine] ? " --- |" : "");
    bytes_append_text(out, "\n");
}

static void write_outcome(const struct operator_row *row, int engine, struct bytes *out)
{
    if (row->passed[engine] == row->cases)
        bytes_append_text(out, "passes |");
    else if (row->passed[engine])
        bytes_append_format(out, "%d pass |", row->passed[engine]);
    else
        bytes_append_text(out, "not supported |");
}

static void write_row(const struct operator_table *table, struct operator_row *row, struct bytes *out)
{
    bytes_append_format(out, "| %s | ", row->name);
    for (int i = 0; i < row->opset_count; i++)
        bytes_append_format(out, "%s%lld", i ? ", " : "", (long long)row->opsets[i]);
    bytes_append_format(out, " | %d |", row->cases);
    for (int engine = 0; engine < CASE_ENGINES; engine++)
        if (table->engines[engine]) {
            bytes_append_text(out, " ");
            write_outcome(row, engine, out);
        }
    qsort(row->reasons, (size_t)row->reason_count, sizeof *row->reasons, compare_reasons);
    for (int i = 0; i < row->reason_count && i < SHOWN_REASONS; i++)
        bytes_append_format(out, "%s%s (%d)", i ? "; " : " ", row->reasons[i].text, row->reasons[i].count);
    bytes_append_text(out, row->reason_count > SHOWN_REASONS ? "; ... |\n" : " |\n");
}

void operator_table_write(struct operator_table *table, struct bytes *out)
{
    if (table->count)
        qsort(table->rows, table->count, sizeof *table->rows, compare_rows);
    bytes_append_text(out, head);
    write_totals(table, out);
    write_heads(table, out);
    for (size_t i = 0; i < table->count; i++)
        write_row(table, &table->rows[i], out);
}

void operator_table_free(struct operator_table *table)
{
    mem_free(table->rows);
    *table = (struct operator_table){.rows = NULL};
}
