/* tests/backend/operator_table.h: docs/operators.md: what each operator's cases came to. */
#pragma once

#include "base/bytes.h"
#include "tests/backend/node_case.h"

struct operator_row;

/* Start with {0}; release with operator_table_free(). */
struct operator_table {
    struct operator_row *rows;
    size_t               count, capacity;
    bool                 engines[CASE_ENGINES]; /* those that were asked; the others have no column */
};

/* Adds a case: verdicts[engine] of those in table->engines. False: out of memory. */
bool operator_table_add(struct operator_table *table, const struct case_about *about,
                        const struct verdict *verdicts);

/* Appends the page. */
void operator_table_write(struct operator_table *table, struct bytes *out);

void operator_table_free(struct operator_table *table);
