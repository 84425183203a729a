/* engine/complaint.h: what OpenCV says when it can't read or run a net, turned into a sentence. */
#pragma once

/* Out of the text of a cv::Exception. Printable, no line breaks; empty where the text doesn't tell. */
struct complaint {
    char node[128];   /* "/Resize", or the node's first output where it has no name */
    char op[96];      /* "Resize", "custom.MyAdd" */
    char reason[256]; /* "mode cubic is not supported" */
};

/* Reads `text`, as cv::Exception::what() and ::err give it; never fails. */
void complaint_read(struct complaint *complaint, const char *text);

/* OpenCV's name of a layer ("onnx_node!/Resize", "onnx_node_output_0!y") without what its importer added. */
const char *complaint_node_name(const char *layer);
