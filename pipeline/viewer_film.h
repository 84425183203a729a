/* pipeline/viewer_film.h: a video that is gone through back and forth. It is decoded from the key frame
 * before what is wanted; the last few frames are kept, so that the next step back needs no decoding. */
#pragma once

#include "media/video.h"
#include "pipeline/viewer_parts.h"

struct film;

/* `stop`, once true, ends whatever is being read with BSR_ECANCELED; it outlives the film. `memory`: bytes of
 * frames that may be kept, of which two always are. Release with film_close(). Errors of video_open(). */
bsr_status film_open(struct film **out, const char *path, uint64_t memory, const atomic_bool *stop,
                     struct bsr_error *err);
void       film_close(struct film *film);

const struct video_facts *film_facts(const struct film *film);

/* The first frame at or behind `time`, or the last one; the caller's, to be dropped. Errors of video_read(),
 * after which the film can only be closed. */
bsr_status film_go(struct film *film, double time, struct pixels **out, struct bsr_error *err);

/* The frame behind the one at `place`, and the one before it; *out is NULL where there is none. */
bsr_status film_next(struct film *film, const struct frame_place *place, struct pixels **out,
                     struct bsr_error *err);
bsr_status film_previous(struct film *film, const struct frame_place *place, struct pixels **out,
                         struct bsr_error *err);
