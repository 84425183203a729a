/* besra-media-opencv.so: the picture formats that besra has no codec for, read by OpenCV's imgcodecs. */
#include "media/module/pictures.h"

#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iostream>
#include <mutex>
#include <new>
#include <streambuf>

namespace
{

/* Swallows what is written to it. */
class silence : public std::streambuf
{
    int overflow(int c) override
    {
        return traits_type::not_eof(c);
    }
};

/* OpenCV says on the terminal why it can't decode, through its log and straight to std::cerr; besra's
 * messages are its own. Both are silent while any thread decodes. */
class quiet
{
    static inline std::mutex                   lock;
    static inline int                          users = 0;
    static inline silence                      nothing;
    static inline std::streambuf              *stream = nullptr;
    static inline cv::utils::logging::LogLevel level = cv::utils::logging::LOG_LEVEL_SILENT;

  public:
    quiet()
    {
        std::lock_guard<std::mutex> guard(lock);
        if (users++ == 0) {
            level = cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
            stream = std::cerr.rdbuf(&nothing);
        }
    }
    ~quiet()
    {
        std::lock_guard<std::mutex> guard(lock);
        if (--users == 0) {
            std::cerr.rdbuf(stream);
            cv::utils::logging::setLogLevel(level);
        }
    }
    quiet(const quiet &) = delete;
    quiet &operator=(const quiet &) = delete;
};

/* IEC 61966-2-1, from light 0..1 to 16 bits. What is brighter than white is white; not-a-number is black. */
uint16_t encode_light(float light)
{
    if (!(light > 0))
        return 0;
    float v = std::min(light, 1.0f);
    v = v <= 0.0031308f ? v * 12.92f : 1.055f * std::pow(v, 1 / 2.4f) - 0.055f;
    return static_cast<uint16_t>(std::lround(v * 65535));
}

void copy_row(void *dst, const cv::Mat &mat, int y)
{
    size_t count = static_cast<size_t>(mat.cols) * static_cast<size_t>(mat.channels());
    if (mat.depth() != CV_32F) {
        std::memcpy(dst, mat.ptr(y), count * mat.elemSize1());
        return;
    }
    const float *light = mat.ptr<float>(y);
    uint16_t    *value = static_cast<uint16_t *>(dst);
    for (size_t i = 0; i < count; i++)
        value[i] = encode_light(light[i]);
}

bsr_status fail(const struct pictures_host *host, bsr_status status, const char *why)
{
    host->explain(host->context, why);
    return status;
}

bsr_status copy_picture(const cv::Mat &mat, const struct pictures_host *host)
{
    if (mat.empty())
        return fail(host, BSR_EDECODE, "it is damaged, or of a kind that this OpenCV doesn't read");
    if (mat.depth() != CV_8U && mat.depth() != CV_16U && mat.depth() != CV_32F)
        return fail(host, BSR_EFORMAT, "its numbers are of a kind that besra doesn't read");
    if (static_cast<uint64_t>(mat.cols) * static_cast<uint64_t>(mat.rows) > host->max_pixels)
        return fail(host, BSR_ELIMIT, "it has more pixels than the limit");

    struct bsr_image image;
    bsr_status       status = host->make_image(host->context, &image, mat.cols, mat.rows, mat.channels(),
                                         mat.depth() == CV_8U ? 8 : 16);
    for (int y = 0; status == BSR_OK && y < mat.rows; y++)
        copy_row(static_cast<uint8_t *>(image.data) + static_cast<size_t>(y) * image.stride, mat, y);
    return status;
}

bsr_status decode(const uint8_t *data, size_t size, const struct pictures_host *host)
{
    try {
        if (size > INT32_MAX)
            return fail(host, BSR_ELIMIT, "it has more than 2 GB");
        quiet   hush;
        cv::Mat encoded(1, static_cast<int>(size), CV_8U, const_cast<uint8_t *>(data));
        return copy_picture(cv::imdecode(encoded, cv::IMREAD_UNCHANGED), host);
    } catch (const std::bad_alloc &) {
        return fail(host, BSR_ENOMEM, "out of memory");
    } catch (const cv::Exception &exception) {
        if (exception.code == cv::Error::StsNoMem)
            return fail(host, BSR_ENOMEM, "out of memory");
        return fail(host, BSR_EDECODE, exception.err.c_str());
    } catch (...) {
        return fail(host, BSR_EDECODE, "OpenCV failed without a reason");
    }
}

} // namespace

extern "C" BSR_API const struct pictures_module besra_pictures_module = {PICTURES_MODULE_VERSION, decode};
