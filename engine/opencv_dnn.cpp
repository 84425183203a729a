/* engine/opencv_dnn.cpp: the only C++ of besra. Everything that OpenCV throws ends here, as a sentence. */
extern "C" {
#include "engine/opencv_dnn.h"
#include "engine/complaint.h"
}

#include <opencv2/core/utils/logger.hpp>
#include <opencv2/dnn.hpp>

#include <algorithm>
#include <mutex>
#include <new>
#include <string>
#include <vector>

struct opencv_net {
    cv::dnn::Net             net;
    const net_ports         *ports;
    std::string              name;
    std::vector<std::string> output_names;
    std::vector<cv::Mat>     outputs; /* the net's own blobs, not copies */
};

namespace
{

struct backend {
    const char *name;
    int         backend, target;
    const char *needs;
};

const backend backends[] = {
    {"opencv", cv::dnn::DNN_BACKEND_OPENCV, cv::dnn::DNN_TARGET_CPU, ""},
    {"opencv:opencl", cv::dnn::DNN_BACKEND_OPENCV, cv::dnn::DNN_TARGET_OPENCL, "OpenCL and a device for it"},
    {"opencv:cuda", cv::dnn::DNN_BACKEND_CUDA, cv::dnn::DNN_TARGET_CUDA, "CUDA and a device for it"},
    {"opencv:openvino", cv::dnn::DNN_BACKEND_INFERENCE_ENGINE, cv::dnn::DNN_TARGET_CPU, "OpenVINO"},
};

int ignore_error(int, const char *, const char *, const char *, int, void *)
{
    return 0;
}

/* OpenCV prints what it throws, and more; besra alone speaks to its user. */
void silence_opencv()
{
    static std::once_flag once;
    std::call_once(once, [] {
        cv::redirectError(ignore_error);
        cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    });
}

/* Runs `work` and turns whatever it throws into an error: `explain` words a cv::Exception. */
template <typename Work, typename Explain>
bsr_status guarded(const std::string &name, bsr_error *err, Work work, Explain explain) noexcept
{
    try {
        try {
            return work();
        } catch (const cv::Exception &e) {
            if (e.code == cv::Error::StsNoMem)
                throw std::bad_alloc();
            return explain(e);
        }
    } catch (const std::bad_alloc &) {
        return bsr_fail(err, BSR_ENOMEM, name.c_str(), "out of memory in OpenCV's DNN");
    } catch (const std::exception &) {
        return bsr_fail(err, BSR_EENGINE, name.c_str(), "OpenCV's DNN failed without saying why");
    } catch (...) {
        return bsr_fail(err, BSR_EENGINE, name.c_str(), "OpenCV's DNN failed without saying why");
    }
}

/* "OpenCV 4.6.0 can't read node '/Resize' (Resize): mode cubic is not supported" */
bsr_status fail_reading(const std::string &name, const cv::Exception &e, bsr_error *err)
{
    complaint said;
    complaint_read(&said, e.err.c_str());
    const char *reason = *said.reason ? said.reason : "it does not say why";

    if (*said.node)
        return bsr_fail(err, BSR_EMODEL, name.c_str(), "%s can't read node '%s' (%s): %s", opencv_version(),
                        said.node, said.op, reason);
    return bsr_fail(err, BSR_EMODEL, name.c_str(), "%s can't read it: %s", opencv_version(), reason);
}

std::string shape_text(const cv::dnn::MatShape &shape)
{
    std::string text;
    for (int side : shape)
        text += (text.empty() ? "" : "x") + std::to_string(side);
    return text;
}

std::string shapes_text(const std::vector<cv::dnn::MatShape> &shapes)
{
    std::string text;
    for (const cv::dnn::MatShape &shape : shapes)
        text += (text.empty() ? "" : ", ") + shape_text(shape);
    return text;
}

/* The first layer that can't take these inputs; "" when all can. OpenCV's exceptions don't tell. */
std::string find_bad_layer(cv::dnn::Net &net, const std::vector<cv::dnn::MatShape> &shapes)
{
    for (const std::string &layer : net.getLayerNames()) {
        try {
            std::vector<cv::dnn::MatShape> in, out;
            net.getLayerShapes(shapes, net.getLayerId(layer), in, out);
        } catch (const cv::Exception &) {
            return layer;
        }
    }
    return "";
}

/* "can't run at 1x3x101x77: node '/model.12/Concat' (Concat): its inputs have sizes that do not fit together"
 */
bsr_status fail_running(opencv_net *self, const std::vector<cv::dnn::MatShape> &shapes,
                        const cv::Exception &e, bsr_error *err)
{
    complaint said;
    complaint_read(&said, e.err.c_str());
    const char       *reason = *said.reason ? said.reason : "OpenCV does not say why";
    const std::string layer = find_bad_layer(self->net, shapes);
    const std::string where = shapes_text(shapes);

    if (layer.empty())
        return bsr_fail(err, BSR_EENGINE, self->name.c_str(), "can't run at %s: %s", where.c_str(), reason);
    const std::string type = self->net.getLayer(self->net.getLayerId(layer))->type;
    return bsr_fail(err, BSR_EENGINE, self->name.c_str(), "can't run at %s: node '%.128s' (%.64s): %s",
                    where.c_str(), complaint_node_name(layer.c_str()), type.c_str(), reason);
}

const backend *find_backend(const char *name)
{
    const std::string wanted = name ? name : "opencv";
    const auto        found = std::find_if(std::begin(backends), std::end(backends),
                                           [&](const backend &known) { return wanted == known.name; });
    return found == std::end(backends) ? nullptr : found;
}

/* OpenCV falls back to the processor in silence where a backend is missing; besra says so. */
bsr_status place_net(cv::dnn::Net &net, const char *name, bsr_error *err)
{
    const backend *wanted = find_backend(name);
    if (!wanted)
        return bsr_fail(err, BSR_EUSAGE, name,
                        "unknown engine (known: opencv, opencv:opencl, opencv:cuda, "
                        "opencv:openvino)");
    if (wanted->target != cv::dnn::DNN_TARGET_CPU || wanted->backend != cv::dnn::DNN_BACKEND_OPENCV) {
        const auto found = cv::dnn::getAvailableBackends();
        const auto pair = std::make_pair(static_cast<cv::dnn::Backend>(wanted->backend),
                                         static_cast<cv::dnn::Target>(wanted->target));
        if (std::find(found.begin(), found.end(), pair) == found.end()) {
            bsr_fail(err, BSR_EMISSING, name, "%s on this machine is without %s", opencv_version(),
                     wanted->needs);
            bsr_hint(err, "leave --engine out to run on the processor");
            return BSR_EMISSING;
        }
    }
    net.setPreferableBackend(wanted->backend);
    net.setPreferableTarget(wanted->target);
    return BSR_OK;
}

/* Some layers are only made when first run: an unknown operator must be known now. */
void make_layers(cv::dnn::Net &net)
{
    for (const std::string &layer : net.getLayerNames())
        net.getLayer(net.getLayerId(layer));
}

cv::dnn::MatShape shape_of(const tensor &input)
{
    return {input.shape, input.shape + input.dims};
}

/* The caller's floats as a Mat, without a copy; OpenCV only reads them. */
cv::Mat wrap(const tensor &input)
{
    return cv::Mat(shape_of(input), CV_32F, const_cast<float *>(input.data));
}

/* A blob as floats without gaps: itself, nearly always. */
cv::Mat as_floats(const cv::Mat &blob)
{
    cv::Mat result = blob;
    if (blob.depth() != CV_32F)
        blob.convertTo(result, CV_32F);
    return result.isContinuous() ? result : result.clone();
}

bsr_status describe(const opencv_net &self, int index, tensor &output, bsr_error *err)
{
    const cv::Mat &blob = self.outputs[static_cast<size_t>(index)];
    const char    *port = self.ports->outputs[index];

    if (blob.empty() || blob.dims > ENGINE_MAX_DIMS)
        return bsr_fail(err, BSR_EENGINE, self.name.c_str(), "the output '%.128s' came out with %s", port,
                        blob.empty() ? "no values" : "too many dimensions");
    output.data = blob.ptr<float>();
    output.dims = blob.dims;
    std::copy(blob.size.p, blob.size.p + blob.dims, output.shape);
    return BSR_OK;
}

bsr_status run(opencv_net &self, const tensor *const *inputs, tensor *outputs, bsr_error *err)
{
    for (int i = 0; i < self.ports->input_count; i++)
        self.net.setInput(wrap(*inputs[i]), self.ports->inputs[i]);
    self.net.forward(self.outputs, self.output_names);
    for (int i = 0; i < self.ports->output_count; i++) {
        cv::Mat &blob = self.outputs[static_cast<size_t>(i)];
        blob = as_floats(blob);
        const bsr_status status = describe(self, i, outputs[i], err);
        if (status != BSR_OK)
            return status;
    }
    return BSR_OK;
}

} // namespace

bsr_status opencv_net_open(opencv_net **out, const void *onnx, size_t size, const net_ports *ports,
                           const char *backend_name, const char *name, bsr_error *err)
{
    opencv_net *self = new (std::nothrow) opencv_net;
    if (!self)
        return bsr_fail_memory(err, name, sizeof *self);

    silence_opencv();
    const bsr_status status = guarded(
        name, err,
        [&] {
            self->ports = ports;
            self->name = name;
            self->output_names.assign(ports->outputs, ports->outputs + ports->output_count);
            self->net = cv::dnn::readNetFromONNX(static_cast<const char *>(onnx), size);
            const bsr_status placed = place_net(self->net, backend_name, err);
            if (placed == BSR_OK)
                make_layers(self->net);
            return placed;
        },
        [&](const cv::Exception &e) { return fail_reading(name, e, err); });
    if (status != BSR_OK) {
        opencv_net_close(self);
        return status;
    }
    *out = self;
    return BSR_OK;
}

void opencv_net_close(opencv_net *net)
{
    delete net;
}

bsr_status opencv_net_run(opencv_net *net, const tensor *const *inputs, tensor *outputs, bsr_error *err)
{
    return guarded(
        net->name, err, [&] { return run(*net, inputs, outputs, err); },
        [&](const cv::Exception &e) {
            std::vector<cv::dnn::MatShape> shapes;
            shapes.reserve(static_cast<size_t>(net->ports->input_count));
            for (int i = 0; i < net->ports->input_count; i++)
                shapes.push_back(shape_of(*inputs[i]));
            return fail_running(net, shapes, e, err);
        });
}

void opencv_set_threads(int threads)
{
    cv::setNumThreads(std::max(threads, 1));
}

const char *opencv_version()
{
    static const std::string version = "OpenCV " + cv::getVersionString();
    return version.c_str();
}
