// The boxes of bench_nms, given to cv::dnn::NMSBoxes: each class by itself where there are several, as its
// batched form (OpenCV 4.7) isn't in every OpenCV 4. It has no limit on detections: its list is cut
// afterwards.
//     bench_nms_peer [RUNS]
#include "bench_nms_cases.h"

extern "C" {
#include "base/clock.h"
}

#include <opencv2/core/version.hpp>
#include <opencv2/dnn.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

static size_t suppress(const struct candidates &list, const bench_nms_case &bench)
{
    size_t kept = 0;
    for (int k = 0; k < bench.classes; k++) {
        std::vector<cv::Rect2d> boxes;
        std::vector<float>      scores;
        std::vector<int>        indices;
        for (size_t i = 0; i < list.count; i++) {
            const candidate &item = list.items[i];
            if (item.class_index != k)
                continue;
            boxes.emplace_back(item.x1, item.y1, item.x2 - item.x1, item.y2 - item.y1);
            scores.push_back(item.score);
        }
        cv::dnn::NMSBoxes(boxes, scores, 0.0F, bench.iou, indices);
        kept += indices.size();
    }
    return bench.most ? std::min(kept, bench.most) : kept;
}

int main(int argc, char **argv)
{
    int        runs = argc > 1 ? std::max(1, std::atoi(argv[1])) : 20;
    candidates list = {};

    std::printf("cv::dnn::NMSBoxes of OpenCV %s, %d candidates, median of %d runs\n", CV_VERSION,
                BENCH_NMS_COUNT, runs);
    for (int i = 0; i < BENCH_NMS_CASES; i++) {
        std::vector<double> ms;
        size_t              kept = 0;
        if (bench_nms_make(&list, i))
            return 1;
        for (int run = 0; run < runs; run++) {
            double start = clock_ms();
            kept = suppress(list, bench_nms_cases[i]);
            ms.push_back(clock_ms() - start);
        }
        std::sort(ms.begin(), ms.end());
        std::printf("%-52s %8.3f ms (%.3f to %.3f), kept %zu\n", bench_nms_cases[i].name, ms[ms.size() / 2],
                    ms.front(), ms.back(), kept);
    }
    candidates_free(&list);
    return 0;
}
