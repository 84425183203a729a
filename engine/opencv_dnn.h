/* engine/opencv_dnn.h: OpenCV DNN as C. Only engine.c calls this; it has checked names, counts and shapes.
 * C++ includes this, as all of our headers, within extern "C". */
#pragma once

#include "engine/engine.h"

struct opencv_net;

/* The names of the model's inputs and outputs, in its order. */
struct net_ports {
    char **inputs;
    int    input_count;
    char **outputs;
    int    output_count;
};

/* Loads an .onnx, makes all its layers, and places it on `backend` (as engine_options.backend). `ports` must
 * outlive the net; `name` is for messages. Release with opencv_net_close(). */
bsr_status opencv_net_open(struct opencv_net **out, const void *onnx, size_t size,
                           const struct net_ports *ports, const char *backend, const char *name,
                           struct bsr_error *err);
void       opencv_net_close(struct opencv_net *net);

/* Runs on inputs[input_count], in the order of the ports. Fills data, dims and shape of
 * outputs[output_count]; the data is the net's until the next run. */
bsr_status opencv_net_run(struct opencv_net *net, const struct tensor *const *inputs, struct tensor *outputs,
                          struct bsr_error *err);

void        opencv_set_threads(int threads);
const char *opencv_version(void); /* "OpenCV 4.6.0" */
