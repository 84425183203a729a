#include "engine/region_layer.h"

#include <opencv2/dnn.hpp>
#include <opencv2/dnn/layer.hpp>

#include <algorithm>
#include <mutex>
#include <vector>

namespace
{

/* The regions of the net that this thread is loading. An index means nothing to anyone else: a hostile model
 * with a node besra.Region of its own reaches no region. */
struct loading {
    net_region *const *regions;
    int                count;
};
thread_local loading now_loading = {nullptr, 0};

/* The blocks behind Mats of floats; what is no block of words without gaps has 0 words, which fits nothing.
 */
std::vector<region_block> blocks_of(std::vector<cv::Mat> &mats)
{
    std::vector<region_block> blocks;
    blocks.reserve(mats.size());
    for (cv::Mat &mat : mats)
        blocks.push_back({mat.data, mat.isContinuous() && mat.type() == CV_32F ? mat.total() : 0});
    return blocks;
}

std::vector<size_t> words_of(const std::vector<cv::dnn::MatShape> &shapes)
{
    std::vector<size_t> words;
    words.reserve(shapes.size());
    for (const cv::dnn::MatShape &shape : shapes) {
        words.push_back(1);
        for (const int side : shape)
            words.back() *= static_cast<size_t>(std::max(side, 0));
    }
    return words;
}

class region_layer final : public cv::dnn::Layer
{
  public:
    region_layer(const cv::dnn::LayerParams &params, const net_region *region, int index)
        : cv::dnn::Layer(params), region_(region), index_(index)
    {
    }

    int index() const
    {
        return index_;
    }

    bool getMemoryShapes(const std::vector<cv::dnn::MatShape> &inputs, const int,
                         std::vector<cv::dnn::MatShape>       &outputs,
                         std::vector<cv::dnn::MatShape> &) const override
    {
        CV_Assert(static_cast<int>(inputs.size()) == region_input_count(region_));
        CV_Assert(region_takes(region_, words_of(inputs).data()));
        outputs.clear();
        for (int i = 0; i < region_output_count(region_); i++) {
            int       sides[REGION_MAX_DIMS];
            const int dims = region_output_shape(region_, i, sides);
            outputs.emplace_back(sides, sides + dims);
        }
        return false;
    }

    void forward(cv::InputArrayOfArrays inputs_arr, cv::OutputArrayOfArrays outputs_arr,
                 cv::OutputArrayOfArrays) override
    {
        std::vector<cv::Mat> inputs, outputs;
        inputs_arr.getMatVector(inputs);
        outputs_arr.getMatVector(outputs);
        CV_Assert(static_cast<int>(inputs.size()) == region_input_count(region_));
        CV_Assert(static_cast<int>(outputs.size()) == region_output_count(region_));

        region_failure failure = {};
        if (region_run(region_, blocks_of(inputs).data(), blocks_of(outputs).data(), &failure.error) !=
            BSR_OK)
            throw failure;
    }

  private:
    const net_region *region_;
    int               index_;
};

cv::Ptr<cv::dnn::Layer> create_layer(cv::dnn::LayerParams &params)
{
    const int index = params.get<int>("region", -1);
    if (index < 0 || index >= now_loading.count)
        CV_Error(cv::Error::StsNotImplemented, "Can't create layer");
    return cv::makePtr<region_layer>(params, now_loading.regions[index], index);
}

} // namespace

void region_layer_register()
{
    static std::once_flag once;
    std::call_once(once, [] { cv::dnn::LayerFactory::registerLayer("besra.Region", create_layer); });
}

int region_layer_index(const cv::dnn::Layer &layer)
{
    const auto *region = dynamic_cast<const region_layer *>(&layer);
    return region ? region->index() : -1;
}

region_scope::region_scope(net_region *const *regions, int count) noexcept
{
    now_loading = {regions, count};
}

region_scope::~region_scope()
{
    now_loading = {nullptr, 0};
}
