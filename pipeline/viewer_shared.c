#include "pipeline/viewer_parts.h"

#include "base/alloc.h"

#include <string.h>

void *shared_hold(void *thing)
{
    struct shared *shared = thing;
    if (shared)
        atomic_fetch_add_explicit(&shared->holders, 1, memory_order_relaxed);
    return thing;
}

/* Whether that was the last holder. */
static bool let_go(struct shared *shared)
{
    return shared && atomic_fetch_sub_explicit(&shared->holders, 1, memory_order_acq_rel) == 1;
}

void shared_drop(void *thing)
{
    struct shared *shared = thing;
    if (let_go(shared))
        shared->destroy(shared);
}

void viewer_retire(struct viewer *viewer, void *thing)
{
    struct shared *shared = thing;
    if (!let_go(shared))
        return;
    shared->next = viewer->retired;
    viewer->retired = shared;
}

static void text_destroy(struct shared *shared)
{
    mem_free(shared);
}

struct text *text_make(const char *text)
{
    size_t       size = strlen(text) + 1;
    struct text *made = mem_alloc(sizeof *made + size);
    if (!made)
        return NULL;
    made->base = (struct shared){.holders = 1, .destroy = text_destroy};
    memcpy(made->text, text, size);
    return made;
}

struct text *text_of_error(const struct bsr_error *error)
{
    struct bytes text = {0};
    bytes_append_format(&text, "%s%s%s%s%s", error->subject, *error->subject ? ": " : "", error->message,
                        *error->hint ? "\n" : "", error->hint);
    struct text *made = text.failed ? NULL : text_make(bytes_text(&text));
    bytes_free(&text);
    return made;
}

/* ---- the lock ----------------------------------------------------------------------------------- */

void viewer_lock(struct viewer *viewer)
{
    pthread_mutex_lock(&viewer->lock);
}

void viewer_unlock(struct viewer *viewer)
{
    struct shared *retired = viewer->retired;
    bool           changed = viewer->changed && !viewer->closing;

    viewer->retired = NULL;
    viewer->changed = false;
    pthread_mutex_unlock(&viewer->lock);
    while (retired) {
        struct shared *next = retired->next;
        retired->destroy(retired);
        retired = next;
    }
    if (changed && viewer->options.wake)
        viewer->options.wake(viewer->options.context);
}
