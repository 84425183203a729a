/* pipeline/model.h: a model made ready to run: its card, its graph as the engine gets it, and what the model
 * itself tells where the card is silent. Read-only once opened: all workers share one. */
#pragma once

#include "base/bytes.h"
#include "config/card.h"
#include "onnx/model.h"

struct model {
    struct card        card;
    struct bytes       onnx;   /* the graph handed to the engine */
    struct onnx_resize resize; /* that was at the front and is done by besra */
    struct onnx_value  input;  /* the picture input; its name is in input_name */
    char               input_name[128];
    int                output_count;
    struct onnx_value  outputs[CARD_MAX_HEADS]; /* declared; names are not kept */
    int                stride;                  /* its metadata's: of the coarsest head; 0: it has none */
    uint64_t           map_channels; /* of all convolutions together: what their maps take of memory */
    struct bytes       notes;        /* a sentence a line: what besra did or assumed, for -v */
};

/* Opens what -m takes: a card's name ("cards"), a card (.cfg) or any .onnx. Checks the sha256 that the card
 * states. `task` is what the caller wants to do; a model made for another task is BSR_EMODEL. Release with
 * model_free(). Errors of card_find(), card_read(), file_read(), onnx_model_read(). */
bsr_status model_open(struct model *out, const char *name, enum card_task task, struct bsr_error *err);
void       model_free(struct model *model);
