/* base/status.h: how functions say that they failed. The types are the public ones of besra.h. */
#pragma once

#include "besra.h"

/* Fills *err (which may be NULL) and returns `code`, so that a failure is one line:
 *     return bsr_fail(err, BSR_EDECODE, name, "truncated at byte %zu of %zu", at, size);
 * `subject` (may be NULL) is who failed: a file, a layer, an option. Too long a subject keeps its end,
 * too long a message its beginning, neither half a UTF-8 character. Clears the hint. The arguments may be
 * parts of *err itself: a message can be put into a longer one. */
bsr_status bsr_fail(struct bsr_error *err, bsr_status code, const char *subject, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#ifdef __clang_analyzer__
/* The analyzer reads a file at a time: what a failure returns is never BSR_OK, which it has to see here. */
static inline bsr_status bsr_failed(bsr_status said, bsr_status code)
{
    (void)said;
    return code;
}
#define bsr_fail(err, code, ...) bsr_failed(bsr_fail(err, code, __VA_ARGS__), code)
#endif

/* Adds what to do about it to an error that was just filled. `err` may be NULL. */
void bsr_hint(struct bsr_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sets who failed, where only an outer function knows it ("a.jpg" for a decoder that sees bytes). */
void bsr_error_set_subject(struct bsr_error *err, const char *subject);

/* The usual failure of an allocation of `bytes`. Inline, so that the compiler and the analyzers see that it
 * never returns BSR_OK. */
void                     bsr_error_set_memory(struct bsr_error *err, const char *subject, size_t bytes);
static inline bsr_status bsr_fail_memory(struct bsr_error *err, const char *subject, size_t bytes)
{
    bsr_error_set_memory(err, subject, bytes);
    return BSR_ENOMEM;
}
