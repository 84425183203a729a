/* engine/opencv_dnn.cpp: with region_layer.cpp the only C++ of besra. Everything that OpenCV throws ends
 * here, as a sentence. */
extern "C" {
#include "engine/opencv_dnn.h"
#include "base/machine.h"
}
#include "engine/region_layer.h"

#include <opencv2/core/ocl.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/dnn.hpp>

#include <algorithm>
#include <cstdio>
#include <cstring>
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
    std::vector<std::string> timed;   /* name and type of each layer that opencv_net_times() told of */
};

namespace
{

struct backend {
    const char *name;
    int         backend, target;
    const char *what;
    const char *lines[2]; /* of cv::getBuildInformation(), one of which says YES */
};

const backend backends[] = {
    {"opencv", cv::dnn::DNN_BACKEND_OPENCV, cv::dnn::DNN_TARGET_CPU, "", {}},
    {"opencv:opencl", cv::dnn::DNN_BACKEND_OPENCV, cv::dnn::DNN_TARGET_OPENCL, "OpenCL", {"OpenCL:"}},
    {"opencv:cuda", cv::dnn::DNN_BACKEND_CUDA, cv::dnn::DNN_TARGET_CUDA, "CUDA", {"NVIDIA CUDA:"}},
    {"opencv:openvino",
     cv::dnn::DNN_BACKEND_INFERENCE_ENGINE,
     cv::dnn::DNN_TARGET_CPU,
     "OpenVINO",
     {"OpenVINO:", "Inference Engine:"}},
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
    } catch (const region_failure &failed) {
        if (err)
            *err = failed.error;
        return failed.error.code;
    } catch (const std::bad_alloc &) {
        return bsr_fail(err, BSR_ENOMEM, name.c_str(), "out of memory in OpenCV's DNN");
    } catch (const std::exception &) {
        return bsr_fail(err, BSR_EENGINE, name.c_str(), "OpenCV's DNN failed without saying why");
    } catch (...) {
        return bsr_fail(err, BSR_EENGINE, name.c_str(), "OpenCV's DNN failed without saying why");
    }
}

/* "OpenCV 4.6.0 can't read node '/Resize' (Resize): mode cubic is not supported" */
bsr_status fail_reading(const std::string &name, const cv::Exception &e, complaint &said, bsr_error *err)
{
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
                        const cv::Exception &e, complaint &said, bsr_error *err)
{
    complaint_read(&said, e.err.c_str());
    const char       *reason = *said.reason ? said.reason : "OpenCV does not say why";
    const std::string layer = find_bad_layer(self->net, shapes);
    const std::string where = shapes_text(shapes);

    if (layer.empty())
        return bsr_fail(err, BSR_EENGINE, self->name.c_str(), "can't run at %s: %s", where.c_str(), reason);
    const std::string type = self->net.getLayer(self->net.getLayerId(layer))->type;
    const char       *node = complaint_node_name(layer.c_str());
    std::snprintf(said.node, sizeof said.node, "%s", node);
    return bsr_fail(err, BSR_EENGINE, self->name.c_str(), "can't run at %s: node '%.128s' (%.64s): %s",
                    where.c_str(), node, type.c_str(), reason);
}

const backend *find_backend(const char *name)
{
    const std::string wanted = name && std::strcmp(name, "auto") != 0 ? name : "opencv";
    const auto        found = std::find_if(std::begin(backends), std::end(backends),
                                           [&](const backend &known) { return wanted == known.name; });
    return found == std::end(backends) ? nullptr : found;
}

bool is_built_with(const backend &wanted)
{
    const std::string &info = cv::getBuildInformation();
    return std::any_of(std::begin(wanted.lines), std::end(wanted.lines), [&](const char *line) {
        const size_t at = line ? info.find(line) : std::string::npos;
        return at != std::string::npos &&
               info.substr(at, info.find('\n', at) - at).find("YES") != std::string::npos;
    });
}

bool is_available(const backend &wanted)
{
    const auto found = cv::dnn::getAvailableBackends();
    const auto pair = std::make_pair(static_cast<cv::dnn::Backend>(wanted.backend),
                                     static_cast<cv::dnn::Target>(wanted.target));
    return std::find(found.begin(), found.end(), pair) != found.end();
}

/* OpenCV falls back to the processor in silence where a backend is missing, and where OpenCL's device is no
 * graphics processor; besra says so. */
bsr_status check_backend(const char *name, bsr_error *err)
{
    const backend *wanted = find_backend(name);
    if (!wanted)
        return bsr_fail(err, BSR_EUSAGE, name,
                        "unknown engine (known: auto, opencv, opencv:opencl, opencv:cuda, opencv:openvino, "
                        "besra)");
    if (wanted->target == cv::dnn::DNN_TARGET_CPU && wanted->backend == cv::dnn::DNN_BACKEND_OPENCV)
        return BSR_OK;
    if (!is_built_with(*wanted)) {
        bsr_fail(err, BSR_EMISSING, name, "%s was built without %s", opencv_version(), wanted->what);
    } else if (!is_available(*wanted)) {
        bsr_fail(err, BSR_EMISSING, name, "%s finds no device for %s", opencv_version(), wanted->what);
    } else if (wanted->target == cv::dnn::DNN_TARGET_OPENCL &&
               !(cv::ocl::Device::getDefault().type() & cv::ocl::Device::TYPE_GPU)) {
        bsr_fail(err, BSR_EMISSING, name,
                 "%s runs nets by OpenCL on graphics processors only, not on '%.64s'", opencv_version(),
                 cv::ocl::Device::getDefault().name().c_str());
    } else {
        return BSR_OK;
    }
    bsr_hint(err, "leave --engine out to run on the processor");
    return BSR_EMISSING;
}

void place_net(cv::dnn::Net &net, const char *name)
{
    const backend *wanted = find_backend(name);
    if (wanted) {
        net.setPreferableBackend(wanted->backend);
        net.setPreferableTarget(wanted->target);
    }
}

/* Some layers are only made when first run: an unknown operator must be known now. */
void make_layers(cv::dnn::Net &net)
{
    for (const std::string &layer : net.getLayerNames())
        net.getLayer(net.getLayerId(layer));
}

cv::dnn::MatShape shape_of(const net_blob &blob)
{
    return {blob.sides, blob.sides + blob.dims};
}

/* The caller's words as a Mat, without a copy; OpenCV only reads them. */
cv::Mat wrap(const net_blob &blob)
{
    return cv::Mat(shape_of(blob), CV_32F, blob.data);
}

/* A blob as floats without gaps: itself, nearly always. */
cv::Mat as_floats(const cv::Mat &blob)
{
    cv::Mat result = blob;
    if (blob.depth() != CV_32F)
        blob.convertTo(result, CV_32F);
    return result.isContinuous() ? result : result.clone();
}

/* The layers' numbers begin at 1; 0 is the input's. */
int time_layers(opencv_net &self, opencv_layer *layers, int room)
{
    std::vector<double>            ticks;
    const std::vector<std::string> names = self.net.getLayerNames();
    const double                   tick_ms = 1000.0 / cv::getTickFrequency();

    self.net.getPerfProfile(ticks);
    self.timed.clear();
    self.timed.reserve(2 * names.size()); /* c_str() of what is in it must stay */
    for (size_t i = 0; i < names.size(); i++) {
        const int                     number = self.net.getLayerId(names[i]);
        const cv::Ptr<cv::dnn::Layer> layer = self.net.getLayer(number);
        const auto                    at = static_cast<size_t>(number) - 1;
        self.timed.emplace_back(complaint_node_name(names[i].c_str()));
        self.timed.push_back(layer->type);
        if (static_cast<int>(i) < room)
            layers[i] = {self.timed[2 * i].c_str(), self.timed[2 * i + 1].c_str(), region_layer_index(*layer),
                         at < ticks.size() ? ticks[at] * tick_ms : 0.0};
    }
    return static_cast<int>(names.size());
}

bsr_status describe(const opencv_net &self, int index, net_blob &output, bsr_error *err)
{
    const cv::Mat &blob = self.outputs[static_cast<size_t>(index)];
    const char    *port = self.ports->outputs[index];

    if (blob.empty() || blob.dims > REGION_MAX_DIMS)
        return bsr_fail(err, BSR_EENGINE, self.name.c_str(), "the output '%.128s' came out with %s", port,
                        blob.empty() ? "no values" : "too many dimensions");
    output.data = blob.data;
    output.dims = blob.dims;
    std::copy(blob.size.p, blob.size.p + blob.dims, output.sides);
    return BSR_OK;
}

bsr_status run(opencv_net &self, const net_blob *inputs, net_blob *outputs, bool &refused, bsr_error *err)
{
    for (int i = 0; i < self.ports->input_count; i++)
        self.net.setInput(wrap(inputs[i]), self.ports->inputs[i]);
    self.net.forward(self.outputs, self.output_names);
    for (int i = 0; i < self.ports->output_count; i++) {
        cv::Mat &blob = self.outputs[static_cast<size_t>(i)];
        blob = as_floats(blob);
        const bsr_status status = describe(self, i, outputs[i], err);
        if (status != BSR_OK) {
            refused = true;
            return status;
        }
    }
    return BSR_OK;
}

void load(opencv_net &self, const net_source &source)
{
    const region_scope scope(source.regions, source.region_count);

    self.ports = source.ports;
    self.name = source.name;
    self.output_names.assign(source.ports->outputs, source.ports->outputs + source.ports->output_count);
    self.net = cv::dnn::readNetFromONNX(static_cast<const char *>(source.onnx), source.size);
    place_net(self.net, source.backend);
    make_layers(self.net);
}

} // namespace

bsr_status opencv_net_open(opencv_net **out, const net_source *source, complaint *complaint, bsr_error *err)
{
    *complaint = {};
    bsr_status status = opencv_check_backend(source->backend, err);
    if (status != BSR_OK)
        return status;
    opencv_net *self = new (std::nothrow) opencv_net;
    if (!self)
        return bsr_fail_memory(err, source->name, sizeof *self);

    silence_opencv();
    status = guarded(
        source->name, err,
        [&] {
            region_layer_register();
            load(*self, *source);
            return BSR_OK;
        },
        [&](const cv::Exception &e) { return fail_reading(source->name, e, *complaint, err); });
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

bsr_status opencv_net_run(opencv_net *net, const net_blob *inputs, net_blob *outputs, bool *refused,
                          complaint *complaint, bsr_error *err)
{
    *refused = false;
    *complaint = {};
    return guarded(
        net->name, err, [&] { return run(*net, inputs, outputs, *refused, err); },
        [&](const cv::Exception &e) {
            std::vector<cv::dnn::MatShape> shapes;
            shapes.reserve(static_cast<size_t>(net->ports->input_count));
            for (int i = 0; i < net->ports->input_count; i++)
                shapes.push_back(shape_of(inputs[i]));
            *refused = true;
            return fail_running(net, shapes, e, *complaint, err);
        });
}

int opencv_net_times(opencv_net *net, opencv_layer *layers, int room)
{
    try {
        return time_layers(*net, layers, room);
    } catch (...) {
        return -1;
    }
}

bsr_status opencv_check_backend(const char *backend, bsr_error *err)
{
    silence_opencv();
    return guarded(
        backend ? backend : "", err, [&] { return check_backend(backend, err); },
        [&](const cv::Exception &) {
            return bsr_fail(err, BSR_EMISSING, backend, "%s can't tell what it runs on", opencv_version());
        });
}

/* More threads than processors would only be in each other's way, and TBB prints a warning of its own. */
void opencv_set_threads(int threads)
{
    cv::setNumThreads(std::max(std::min(threads, machine_find("").processors), 1));
}

const char *opencv_version()
{
    static const std::string version = "OpenCV " + cv::getVersionString();
    return version.c_str();
}

int opencv_version_number()
{
    return CV_VERSION_MAJOR * 100 + CV_VERSION_MINOR;
}
