/* letterbox_pack() beside OpenCV's way to the same values (resize, copyMakeBorder, blobFromImage), in turn in
 * one run: medians and best of 40, one thread and all. Fails when the values differ.
 * ninja bench_preprocess_opencv && bench/bench_preprocess_opencv */
extern "C" {
#include "base/clock.h"
#include "preprocess/letterbox.h"
}

#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <cstdio>
#include <vector>

namespace
{
constexpr int runs = 40;

double median(std::vector<double> ms)
{
    std::sort(ms.begin(), ms.end());
    return (ms[ms.size() / 2 - 1] + ms[ms.size() / 2]) / 2;
}

double best(const std::vector<double> &ms)
{
    return *std::min_element(ms.begin(), ms.end());
}

/* What OpenCV writes to, kept from picture to picture so that it need not allocate. */
struct buffers {
    cv::Mat fit, padded, blob;
};

void pack_by_opencv(buffers &to, const cv::Mat &picture, const letterbox_plan &plan)
{
    cv::resize(picture, to.fit, cv::Size(plan.fit_width, plan.fit_height), 0, 0, cv::INTER_LINEAR);
    cv::copyMakeBorder(to.fit, to.padded, plan.top, plan.in_height - plan.top - plan.fit_height, plan.left,
                       plan.in_width - plan.left - plan.fit_width, cv::BORDER_CONSTANT, cv::Scalar::all(114));
    cv::dnn::blobFromImage(to.padded, to.blob, 1 / 255.0, cv::Size(), cv::Scalar(), true, false, CV_32F);
}

bool compare(int width, int height, int size, letterbox_mode mode, int threads)
{
    cv::Mat picture(height, width, CV_8UC3);
    cv::randu(picture, 0, 256);
    bsr_image      image = {picture.data, picture.step, width, height, 3, 8};
    pack_params    pack = {{1 / 255.0F, 1 / 255.0F, 1 / 255.0F}, {0, 0, 0}, 114, 1};
    letterbox_plan plan;
    pool          *workers = nullptr;
    if (letterbox_make_plan(&plan, width, height, size, size, 32, mode, nullptr) != BSR_OK ||
        pool_create(&workers, threads, nullptr) != BSR_OK)
        return false;

    const int           shape[] = {1, 3, plan.in_height, plan.in_width};
    cv::Mat             ours(4, shape, CV_32F);
    buffers             theirs;
    std::vector<double> ours_ms, theirs_ms;
    cv::setNumThreads(threads);
    for (int i = 0; i < runs; i++) {
        double start = clock_ms();
        pack_by_opencv(theirs, picture, plan);
        double middle = clock_ms();
        letterbox_pack(ours.ptr<float>(), &image, &plan, &pack, workers, nullptr);
        theirs_ms.push_back(middle - start);
        ours_ms.push_back(clock_ms() - middle);
    }
    pool_destroy(workers);

    double difference = cv::norm(ours, theirs.blob, cv::NORM_INF);
    std::printf("%4d x %4d -> %3d x %3d, threads %d: OpenCV %.3f ms (best %.3f), ours %.3f ms (best %.3f), "
                "ratio %.2f (of the best %.2f), difference %g\n",
                width, height, plan.in_width, plan.in_height, threads, median(theirs_ms), best(theirs_ms),
                median(ours_ms), best(ours_ms), median(theirs_ms) / median(ours_ms),
                best(theirs_ms) / best(ours_ms), difference);
    return difference < 1e-6; /* OpenCV scales in double, then rounds */
}
} // namespace

int main()
{
    bool same = true;
    for (int threads : {1, cv::getNumberOfCPUs()}) {
        same &= compare(1920, 1080, 640, LETTERBOX_SQUARE, threads);
        same &= compare(1920, 1080, 640, LETTERBOX_RECT, threads);
        same &= compare(810, 1080, 640, LETTERBOX_SQUARE, threads);
        same &= compare(640, 480, 640, LETTERBOX_SQUARE, threads);
        same &= compare(320, 240, 640, LETTERBOX_SQUARE, threads);
    }
    return same ? 0 : 1;
}
