#include "onnx/inspect/inspect.h"

#include <math.h>

static void fill_histogram(struct onnx_statistics *statistics, const struct bsr_tensor *tensor)
{
    double step = (statistics->max - statistics->min) / ONNX_HISTOGRAM;

    for (size_t i = 0; i < statistics->count; i++) {
        double number = tensor_get(tensor, i);
        if (!isfinite(number))
            continue;
        double bar = step > 0 && isfinite(step) ? (number - statistics->min) / step : 0;
        statistics->histogram[bar < ONNX_HISTOGRAM ? (int)bar : ONNX_HISTOGRAM - 1]++;
    }
}

/* Welford's way to the deviation: one pass, without the difference of two large sums. */
struct onnx_statistics onnx_tensor_statistics(const struct bsr_tensor *tensor)
{
    struct onnx_statistics statistics = {.count = tensor_count(tensor)};
    size_t                 finite = 0;
    double                 squares = 0;

    for (size_t i = 0; i < statistics.count; i++) {
        double number = tensor_get(tensor, i);
        statistics.zeros += number == 0;
        statistics.nans += isnan(number) != 0;
        statistics.infinities += isinf(number) != 0;
        if (!isfinite(number))
            continue;
        statistics.min = finite ? fmin(statistics.min, number) : number;
        statistics.max = finite ? fmax(statistics.max, number) : number;
        double away = number - statistics.mean;
        statistics.mean += away / (double)++finite;
        squares += away * (number - statistics.mean);
    }
    statistics.deviation = finite ? sqrt(squares / (double)finite) : 0;
    fill_histogram(&statistics, tensor);
    return statistics;
}
