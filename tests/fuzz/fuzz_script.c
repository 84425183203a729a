/* Fuzz target: a session of the window as text. What is accepted has finite numbers, and what is written of
 * its events is read as the same again. */
#include "app/window/script.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(const struct script *script, const struct script_step *step)
{
    struct event  event, again;
    struct bytes  line = {0};
    struct script read = {0};
    script_event(&event, script, step);
    if (!isfinite(event.x) || !isfinite(event.y) || !isfinite(event.dx) || !isfinite(event.dy) ||
        event.button < 0 || event.button > 9)
        abort();
    script_write(&line, &event);
    if (script_parse(&read, bytes_text(&line), line.size, "written", NULL) != BSR_OK || read.count != 1)
        abort();
    script_event(&again, &read, read.steps);
    if (again.kind != event.kind || again.modifiers != event.modifiers || strcmp(again.text, event.text) != 0)
        abort();
    script_free(&read);
    bytes_free(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script    script = {0};
    struct bsr_error err = {0};
    if (script_parse(&script, (const char *)data, size, "script", &err) == BSR_OK) {
        for (size_t i = 0; i < script.count; i++)
            if (script.steps[i].kind == STEP_EVENT)
                look_at(&script, &script.steps[i]);
        script_free(&script);
    } else if (err.code == BSR_OK || !err.message[0]) {
        abort();
    }
    return 0;
}
