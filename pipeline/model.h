/* pipeline/model.h: a model made ready to run: its card, its graph as the engine gets it, and what the model
 * itself tells where the card is silent. Read-only once opened: all workers share one. */
#pragma once

#include "base/bytes.h"
#include "config/card.h"
#include "engine/engine.h"
#include "engine/srcnn/srcnn.h"
#include "onnx/model.h"
#include "onnx/receptive_field.h"
#include "onnx/tails.h"

/* What the person says of a model, over its card and over what besra would assume. All zero: nothing. */
struct model_hints {
    bool             colour_given;
    enum card_colour colour; /* of the net's input */
    enum model_range {
        MODEL_RANGE_CARD,    /* as the card says, else as nets of the task are usually trained */
        MODEL_RANGE_UNIT,    /* 0..1 */
        MODEL_RANGE_BYTE,    /* 0..255 */
        MODEL_RANGE_IMAGENET /* ImageNet's mean and deviation, as torchvision has them */
    } range;
    int  width, height; /* of the net's input, where the model leaves them open; 0: not given */
    bool whole_graph;   /* leave a Detect tail in the graph */
    int  tile; /* the side of the windows that a net which enlarges runs on; 0: as model_open() finds best */
    uint64_t              memory; /* bytes that such windows may take together; 0: any */
    struct engine_options engine;
};

enum { MODEL_USUAL_SIDE = 640 }; /* where nobody says */

struct model {
    struct card             card;
    struct bytes            onnx;   /* the graph handed to the engine */
    struct onnx_resize      resize; /* that was at the front and is done by besra */
    struct onnx_detect_tail tail;   /* that was at the end and is done by besra */
    struct srcnn         *srcnn; /* the net, where it is one that besra has kernels of its own for; or NULL */
    struct onnx_field     field; /* of a net that enlarges, and is not srcnn: how far it looks */
    int                   tile;  /* the hints' */
    uint64_t              tile_memory;
    struct onnx_value     input; /* the picture input, NCHW; its name is in input_name */
    char                  input_name[128];
    int64_t               exported[2]; /* height and width in the file; the cut of a tail opens them */
    int                   output_count;
    struct onnx_value     outputs[CARD_MAX_HEADS]; /* at the size of model_side(); names are not kept */
    int                   stride;                  /* its metadata's: of the coarsest head; 0: it has none */
    bool                  assumed_range;           /* nobody says what values the net was trained on */
    bool                  suppresses;              /* the graph has a suppression of its own */
    uint64_t              map_channels; /* of all convolutions together: what their maps take of memory */
    struct bytes          notes;        /* a sentence a line: what besra did or assumed, for -v */
    struct engine_options engine;
};

/* Opens what -m takes: a card's name ("cards"), a card (.cfg) or any .onnx. Checks the sha256 that the card
 * states. `task` is what the caller wants to do; a model made for another task is BSR_EMODEL. `hints` may be
 * NULL. Release with model_free(). Errors of card_find(), card_read(), file_read(), onnx_model_read(). */
bsr_status model_open(struct model *out, const char *name, enum card_task task,
                      const struct model_hints *hints, struct bsr_error *err);
void       model_free(struct model *model);

/* The width or height that pictures are brought to, as far as anyone says: the hints', the card's, the
 * model's, else `otherwise`. `axis` is 2 for the height, 3 for the width. */
int model_side(const struct model *model, int axis, int otherwise);
