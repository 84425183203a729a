/* pipeline/quantize_samples.h: what a model is calibrated with: pictures, laid into its input as the command
 * that it is for does it, or .npy files for any model of one input. */
#pragma once

#include "media/picture.h"
#include "pipeline/classify.h"
#include "pipeline/model.h"

struct samples_options {
    struct model_hints hints;
    int                threads; /* of the steps beside the net */
    int                most;    /* samples, taken evenly from all there are */
    enum samples_letterbox { SAMPLES_CARD, SAMPLES_RECT, SAMPLES_SQUARE } letterbox;
    enum classify_fit     fit;
    struct picture_limits limits;
    bool                  colours_given; /* `as_stored` stands, whatever the card says */
    bool                  as_stored;
    double                scale; /* by which pictures are enlarged for nets that keep the size */
};

struct samples;

/* Collects the files that `inputs` name (see sources_collect(); of folders that have no pictures the .npy
 * files, in the order of strcmp) and opens the model for them. `model` is a card's name, a card or an .onnx,
 * `net` what is in it.
 * What was assumed is appended to *notes. BSR_EUSAGE: there is nothing to calibrate with; BSR_EMODEL: it
 * takes no pictures, or not one input; errors of model_open(). Release with samples_close(). */
bsr_status samples_open(struct samples **out, const char *model, const struct onnx_model *net,
                        char *const *inputs, size_t input_count, const struct samples_options *options,
                        struct bytes *notes, struct bsr_error *err);
void       samples_close(struct samples *samples);

int         samples_count(const struct samples *samples);
const char *samples_path(const struct samples *samples, int index);

/* What the model is for: "detect", "upscale", "classify", or "any" for .npy files. */
const char *samples_task(const struct samples *samples);

/* The graph that samples are for: the model's, without what the command does itself at either end. The
 * samples'. */
const struct bytes *samples_graph(const struct samples *samples);

/* Sample `index` as the input of that graph; f32, the caller's (tensor_free()). Errors of file_read(),
 * picture_decode(), npy_read(), ... */
bsr_status samples_read(struct bsr_tensor *out, struct samples *samples, int index, struct bsr_error *err);
