/* tests/operators/case_checks.h: what every operator promises, checked on a table of cases. */
#pragma once

#include "tests/operators/text_case.h"

/* Every row gives its outputs (floats within 1e-5 of them, relative to 1 and more) or is refused as it says.
 */
void check_results(const struct operator_case *rows, size_t count);

/* Before any number is known, shape() says what it says later, or that it needs values. */
void check_shapes_without_values(const struct operator_case *rows, size_t count);

/* Each allocation of a row that runs fails once, with all after it: BSR_ENOMEM, and nothing leaks. */
void check_starved(const struct operator_case *rows, size_t count);

/* `rounds` times, a row is changed at random (attributes, types, shapes, numbers, what is left out) and is
 * refused with a sentence, or runs. */
void check_mutated(const struct operator_case *rows, size_t count, unsigned rounds);

#define CASES(rows) rows, sizeof(rows) / sizeof *(rows)
