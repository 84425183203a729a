/* app/model_file.h: what the commands below `besra model` have in common: the graph of the model that was
 * named, and the inputs that --shape and --freeze tell of. */
#pragma once

#include "config/card.h"
#include "config/options.h"
#include "onnx/evaluate.h"
#include "pipeline/feeds.h"

struct model_file {
    struct card        card; /* of the file, or the one that was named */
    struct bytes       bytes;
    char              *folder; /* of the .onnx: where its external data is */
    struct onnx_model *model;
    struct feeds       chosen; /* shapes (data NULL) and frozen values */
};

/* Reads what `name` names: a card's name, a card (.cfg) or an .onnx. Release with model_file_close(). Errors
 * of card_find(), card_read(), file_read(), onnx_model_read(). */
bsr_status model_file_read(struct model_file *out, const char *name, struct bsr_error *err);

/* The same for options->inputs[0], with --shape and --freeze read into out->chosen. Says what went wrong. An
 * exit code. */
int  model_file_open(struct model_file *out, const struct options *options);
void model_file_close(struct model_file *file);

/* Reads "NAME:1,3,640,640" of --shape ('?' is -1), and appends it; for an input of the model, and once.
 * BSR_EUSAGE names the input that was probably meant. */
bsr_status model_inputs_add_shape(struct feeds *inputs, const struct onnx_model *model, const char *text,
                                  struct bsr_error *err);

/* The same of another option, which messages name. */
bsr_status model_inputs_add_shape_of(struct feeds *inputs, const struct onnx_model *model, const char *option,
                                     const char *text, struct bsr_error *err);

/* Reads "NAME=1,1,3,3" or "NAME=FILE.npy" of --freeze, and appends it, with the type that the input declares
 * and its shape, where as many numbers are given as that has, else a list. */
bsr_status model_inputs_add_value(struct feeds *inputs, const struct onnx_model *model, const char *text,
                                  struct bsr_error *err);

/* Chooses a shape for each input that leaves sides open and isn't settled yet, and says so: batch 1, three
 * channels, the size that the card or the metadata tell, else the usual one. BSR_ENOMEM. */
bsr_status model_file_assume(struct model_file *file, struct bsr_error *err);

/* The shape of input `index`, as settled, else as declared (open sides -1). */
struct bsr_tensor model_file_input(const struct model_file *file, int index);

/* What all inputs are fed with: frozen values, ones for short lists of numbers (scales and the like: a random
 * one may ask for nothing, or for the world), random numbers for the others. Release with feeds_free().
 * BSR_EUSAGE, BSR_ENOMEM. */
bsr_status model_file_feeds(struct feeds *out, const struct model_file *file, int seed,
                            struct bsr_error *err);

/* Appends what model_file_feeds() has for the inputs that `feeds` leaves out; with `aloud`, the ones are
 * said. BSR_EUSAGE, BSR_ENOMEM. */
bsr_status model_inputs_add_rest(struct feeds *feeds, const struct model_file *file, int seed, bool aloud,
                                 struct bsr_error *err);

/* A copy of the model whose inputs have the chosen shapes; none is frozen. Release with onnx_model_free(). */
bsr_status model_file_shaped(struct onnx_model **out, const struct model_file *file, struct bsr_error *err);

/* Runs a model by besra's own operators. outputs[] is as long as the model's outputs; each gets a tensor of
 * its own. Errors of evaluator_open() and evaluator_run(). */
bsr_status model_evaluate(struct bsr_tensor *outputs, const struct onnx_model *model,
                          const struct feeds *feeds, evaluator_visit *visit, void *context,
                          struct bsr_error *err);

/* The model as bytes, with all that is settled put into it: frozen inputs are constants, chosen shapes are
 * declared. BSR_EMODEL, BSR_ENOMEM. */
bsr_status model_file_settled(struct bytes *out, const struct model_file *file, struct bsr_error *err);

/* Appends which command the model is for, and why: "besra detect: YOLOv8, without anchors, 80 classes". False
 * when it is for none that besra recognises. */
bool model_file_kind(struct bytes *out, const struct model_file *file);
