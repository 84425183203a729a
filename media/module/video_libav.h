/* media/module/video_libav.h: what the files of besra-video.so share. */
#pragma once

#include "media/module/video.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>

/* libav's log goes nowhere; its last line of an error is kept for libav_fail(), for each thread. */
void libav_quiet(void);
void libav_forget_log(void);

/* Says that `what` ("can't be opened") failed and why: the log's last line where there is one, else what
 * libav's error `code` means. Returns `status`, or BSR_ENOMEM where that was it. */
bsr_status libav_fail(const struct video_host *host, bsr_status status, int code, const char *what);

/* The bytes of the host's file for libav; NULL without memory. `host` stays where it is. */
AVIOContext *libav_bytes(const struct video_host *host, bool writing);
void         libav_bytes_free(AVIOContext **bytes);

/* The converter between the picture and BGR. *scaler is kept from call to call and made anew when something
 * changed. */
bsr_status libav_to_bgr(struct SwsContext **scaler, const struct video_host *host, const AVFrame *frame,
                        bool jpeg, uint8_t *bgr, size_t stride);
bsr_status libav_from_bgr(struct SwsContext **scaler, const struct video_host *host, AVFrame *frame,
                          const uint8_t *bgr, size_t stride);

/* Whether pictures of this height are of BT.709, where nothing says what they are. */
bool libav_is_hd(int width, int height);

/* EXIF's 1..8 for the frame: what its own side data says, else the stream's. */
int libav_orientation(const AVStream *stream, const AVFrame *frame);

/* The functions of the table. */
bsr_status input_open(struct video_input **out, struct video_found *found,
                      const struct video_request *request, const struct video_host *host);
bsr_status input_next(struct video_input *input, struct video_decoded *frame, bool *end, long long *damaged);
bsr_status input_pixels(struct video_input *input, uint8_t *bgr, size_t stride);
bsr_status input_seek(struct video_input *input, double from, double wanted);
void       input_close(struct video_input *input);

bsr_status  output_create(struct video_output **out, const struct video_encoding *encoding,
                          const struct video_host *host);
const char *output_encoder(const struct video_output *output);
bsr_status  output_add(struct video_output *output, const uint8_t *bgr, size_t stride, int64_t ticks);
bsr_status  output_begin(struct video_output *output);
bsr_status  output_finish(struct video_output *output, int64_t end_ticks);
void        output_destroy(struct video_output *output);
