/* besra-video-gstreamer.so: GStreamer's pipelines, which libav knows nothing of, by OpenCV's videoio. That
 * can't be interrupted, so a thread of its own reads, and whoever waits for it may give up; a thread that
 * hangs is left behind with all that it uses. */
#include "media/module/video.h"

#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/videoio.hpp>

#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <thread>

namespace
{

/* The thread's and the reader's; the last of them releases it. */
struct session {
    std::mutex              lock;
    std::condition_variable changed;
    std::string             pipeline;
    double (*clock_ms)(void) = nullptr;
    bool    opened = false, failed = false, ended = false; /* said by the thread */
    bool    wanted = false, ready = false;                 /* a frame */
    bool    closing = false, finished = false;
    cv::Mat frame;
    double  position_ms = 0, arrived_ms = 0, fps = 0;
};

void read_frames(session &shared, cv::VideoCapture &capture)
{
    std::unique_lock<std::mutex> guard(shared.lock);
    while (true) {
        shared.changed.wait(guard, [&] { return shared.wanted || shared.closing; });
        if (shared.closing)
            return;
        shared.wanted = false;
        guard.unlock();
        cv::Mat frame;
        bool    some = capture.read(frame) && !frame.empty();
        double  arrived_ms = shared.clock_ms();
        double  position_ms = some ? capture.get(cv::CAP_PROP_POS_MSEC) : 0;
        guard.lock();
        shared.frame = frame;
        shared.arrived_ms = arrived_ms;
        shared.position_ms = position_ms;
        shared.ready = some;
        shared.ended = !some;
        shared.changed.notify_all();
    }
}

void run(const std::shared_ptr<session> &shared)
{
    try {
        cv::VideoCapture capture;
        bool             opened = capture.open(shared->pipeline, cv::CAP_GSTREAMER);
        double           fps = opened ? capture.get(cv::CAP_PROP_FPS) : 0;
        {
            std::lock_guard<std::mutex> guard(shared->lock);
            shared->opened = opened;
            shared->failed = !opened;
            shared->fps = fps;
            shared->changed.notify_all();
        }
        if (opened)
            read_frames(*shared, capture);
        capture.release();
    } catch (...) {
        std::lock_guard<std::mutex> guard(shared->lock);
        shared->failed = true;
    }
    std::lock_guard<std::mutex> guard(shared->lock);
    shared->finished = true;
    shared->changed.notify_all();
}

bsr_status fail(const struct video_host *host, bsr_status status, const char *why)
{
    host->explain(host->context, why);
    return status;
}

/* OpenCV says on the terminal what it thinks, and GLib what went wrong; besra's messages are its own. */
void be_quiet()
{
    using handler = void (*)(const char *, int, const char *, void *);
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    void *glib = dlopen("libglib-2.0.so.0", RTLD_LAZY | RTLD_NOLOAD);
    auto set = glib ? reinterpret_cast<handler (*)(handler, void *)>(dlsym(glib, "g_log_set_default_handler"))
                    : nullptr;
    if (set)
        set([](const char *, int, const char *, void *) {}, nullptr);
}

/* What ends without a sink for us gets one. */
std::string whole_pipeline(const char *text)
{
    std::string pipeline = text;
    return pipeline.find("appsink") == std::string::npos ? pipeline + " ! videoconvert ! appsink" : pipeline;
}

} // namespace

struct video_input {
    struct video_host        host;
    std::shared_ptr<session> shared;
    cv::Mat                  frame;
    bool                     by_arrival = false, some = false;
    bool                     given_up = false;
};

namespace
{

/* Until `done`; false where it was given up. Looks 50 times a second whether to. */
template <typename Done>
bool wait_for(struct video_input *input, std::unique_lock<std::mutex> &guard, Done done)
{
    while (!input->shared->changed.wait_for(guard, std::chrono::milliseconds(20), done)) {
        if (input->host.interrupted(input->host.context)) {
            input->given_up = true;
            return false;
        }
    }
    return true;
}

bsr_status open_pipeline(struct video_input *input, struct video_found *found,
                         const struct video_request *request)
{
    session &shared = *input->shared;
    shared.pipeline = whole_pipeline(request->name);
    shared.clock_ms = input->host.clock_ms;
    std::thread(run, input->shared).detach();
    std::unique_lock<std::mutex> guard(shared.lock);
    if (!wait_for(input, guard, [&] { return shared.opened || shared.failed; }))
        return fail(&input->host, BSR_ECANCELED, "given up");
    if (shared.failed)
        return fail(&input->host, BSR_EIO, "GStreamer can't run this pipeline; gst-launch-1.0 says why");
    *found = {};
    found->fps = std::isfinite(shared.fps) && shared.fps > 0 ? shared.fps : 0;
    found->live = true;
    std::snprintf(found->format, sizeof found->format, "gstreamer");
    std::snprintf(found->codec, sizeof found->codec, "raw");
    return BSR_OK;
}

void close(struct video_input *input)
{
    /* Devices are to be free again when this returns, but a thread that hangs is not waited for. */
    if (!input)
        return;
    const auto                   patience = std::chrono::milliseconds(input->given_up ? 0 : 2000);
    session                     &shared = *input->shared;
    std::unique_lock<std::mutex> guard(shared.lock);
    shared.closing = true;
    shared.changed.notify_all();
    shared.changed.wait_for(guard, patience, [&] { return shared.finished; });
    guard.unlock();
    delete input;
}

bsr_status open(struct video_input **out, struct video_found *found, const struct video_request *request,
                const struct video_host *host)
{
    struct video_input *input = nullptr;
    try {
        be_quiet();
        input = new video_input{};
        input->host = *host;
        input->shared = std::make_shared<session>();
        bsr_status status = open_pipeline(input, found, request);
        if (status == BSR_OK) {
            *out = input;
            return BSR_OK;
        }
        close(input);
        return status;
    } catch (const std::bad_alloc &) {
        return fail(host, BSR_ENOMEM, "out of memory");
    } catch (...) {
        return fail(host, BSR_EIO, "no thread can be started for it");
    }
}

bsr_status next(struct video_input *input, struct video_decoded *frame, bool *end, long long *)
{
    session                     &shared = *input->shared;
    std::unique_lock<std::mutex> guard(shared.lock);
    shared.wanted = true;
    shared.ready = false;
    shared.changed.notify_all();
    if (!wait_for(input, guard, [&] { return shared.ready || shared.ended || shared.finished; }))
        return fail(&input->host, BSR_ECANCELED, "given up");
    if (!shared.ready) {
        *end = true;
        return BSR_OK;
    }
    input->frame = shared.frame;
    if (!input->some) /* a pipeline that doesn't know where it is */
        input->by_arrival = !(shared.position_ms >= 0);
    input->some = true;
    *frame = {};
    frame->width = input->frame.cols;
    frame->height = input->frame.rows;
    frame->orientation = 1;
    frame->time = (input->by_arrival ? shared.arrived_ms : shared.position_ms) / 1e3;
    frame->arrived_ms = shared.arrived_ms;
    return BSR_OK;
}

/* BGR, grey or BGRA, whichever the pipeline ends with. */
bsr_status pixels(struct video_input *input, uint8_t *bgr, size_t stride)
{
    const cv::Mat &frame = input->frame;
    int            channels = frame.channels();
    if (frame.depth() != CV_8U || channels == 2)
        return fail(&input->host, BSR_EFORMAT,
                    "its pixels are of a kind that besra doesn't read; end it with videoconvert ! "
                    "video/x-raw,format=BGR ! appsink");
    for (int y = 0; y < frame.rows; y++) {
        const uint8_t *from = frame.ptr(y);
        uint8_t       *to = bgr + static_cast<size_t>(y) * stride;
        for (int x = 0; x < frame.cols; x++)
            for (int c = 0; c < 3; c++)
                to[3 * x + c] = from[channels * x + (channels == 1 ? 0 : c)];
    }
    return BSR_OK;
}

bsr_status seek(struct video_input *input, double, double)
{
    return fail(&input->host, BSR_EFORMAT, "a pipeline can't be read from another place");
}

constexpr struct video_module make_module()
{
    struct video_module module = {};
    module.version = VIDEO_MODULE_VERSION;
    module.open = open;
    module.next = next;
    module.pixels = pixels;
    module.seek = seek;
    module.close = close;
    return module;
}

} // namespace

extern "C" BSR_API const struct video_module besra_video_module = make_module();
