/* tests/fuzz/fuzz_engine.h: what comes of a model, whatever it is. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum fuzz_outcome {
    FUZZ_UNREADABLE,  /* refused by the reader */
    FUZZ_REFUSED,     /* by the engine, when it was opened */
    FUZZ_REFUSED_RUN, /* by the engine, when it was run */
    FUZZ_OPENED,      /* asks for inputs that nobody would give */
    FUZZ_RUN,
    FUZZ_OUTCOMES
};

/* `backend` as in engine_options. */
enum fuzz_outcome fuzz_engine(const uint8_t *data, size_t size, const char *backend);
