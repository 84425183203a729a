/* engine/opencv_dnn.h: OpenCV DNN as C. Only prepared.c calls this; it has checked names, counts and shapes.
 * C++ includes this, as all of our headers, within extern "C". */
#pragma once

#include "engine/complaint.h"
#include "engine/region.h"

struct opencv_net;

/* The names of a net's inputs and outputs, in its order. */
struct net_ports {
    char **inputs;
    int    input_count;
    char **outputs;
    int    output_count;
};

/* What a net is made of. All of it but `onnx` must outlive the net. */
struct net_source {
    const void               *onnx;
    size_t                    size;
    const struct net_ports   *ports;
    struct net_region *const *regions; /* behind the nodes besra.Region */
    int                       region_count;
    const char               *backend; /* as engine_options.backend */
    const char               *name;    /* for messages */
};

/* A blob of a net: 32-bit words, floats or what region.h says of other types. */
struct net_blob {
    void *data;
    int   dims; /* 1 or more for inputs */
    int   sides[REGION_MAX_DIMS];
};

/* Loads an .onnx, makes all its layers, and places it on its backend. Where OpenCV refuses a node, *complaint
 * tells which (it is empty otherwise). Release with opencv_net_close(). */
bsr_status opencv_net_open(struct opencv_net **out, const struct net_source *source,
                           struct complaint *complaint, struct bsr_error *err);
void       opencv_net_close(struct opencv_net *net);

/* Runs on inputs[input_count], in the order of the ports. Fills outputs[output_count]; the data is the net's
 * until the next run. Where OpenCV itself fails (no operator of a region does), *refused is set, and
 * *complaint names the layer where it is known. */
bsr_status opencv_net_run(struct opencv_net *net, const struct net_blob *inputs, struct net_blob *outputs,
                          bool *refused, struct complaint *complaint, struct bsr_error *err);

/* A layer of the last run. Texts are the net's, valid until it runs again. */
struct opencv_layer {
    const char *node;   /* of the graph */
    const char *type;   /* OpenCV's: "Convolution", "besra.Region" */
    int         region; /* of one that is: which of the source's regions; else -1 */
    double      ms;     /* 0: it was made part of another */
};

/* Times of the layers in OpenCV's order: fills at most `room`, returns how many there are; -1 when OpenCV
 * does not tell. */
int opencv_net_times(struct opencv_net *net, struct opencv_layer *layers, int room);

/* BSR_EUSAGE for a backend that besra doesn't know, BSR_EMISSING for one that this OpenCV lacks. */
bsr_status opencv_check_backend(const char *backend, struct bsr_error *err);

void        opencv_set_threads(int threads); /* no more than there are processors */
const char *opencv_version(void);            /* "OpenCV 4.6.0" */
int         opencv_version_number(void);     /* 406 */
