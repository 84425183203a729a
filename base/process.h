/* base/process.h: a program of the system, run without a shell: bytes in, bytes out, an end in time. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct process_options {
    const char *const *arguments; /* the program's name first, as $PATH has it; NULL behind the last */
    const void        *input;     /* what it reads on standard input; may be NULL */
    size_t             input_size;
    size_t             most_output; /* bytes of its standard output; 0: that goes nowhere, and what it leaves
                                       running behind it (xclip) is not waited for */
    int                timeout_ms;
    const atomic_bool *stop; /* gives it up when it becomes true; may be NULL */
};

/* Runs it to its end and appends what it wrote to *output (NULL where there is none). It has a process group
 * of its own, the usual signals, and none of besra's files; what it says on standard error goes nowhere.
 * BSR_EMISSING (no such program; no hint), BSR_EIO (it failed, or can't be started), BSR_ELIMIT (it wrote
 * more), BSR_ECANCELED (it took too long, or was stopped: it is ended with all that it started), BSR_ENOMEM;
 * the subject is the program's name, *output as it was. */
bsr_status process_run(struct bytes *output, const struct process_options *options, struct bsr_error *err);

/* Whether $PATH has a program of this name. */
bool process_find(const char *name);
