/* engine/region_layer.h: the layer "besra.Region" of OpenCV's nets. C++ only. */
#pragma once

extern "C" {
#include "engine/region.h"
}

#include <opencv2/dnn.hpp>

#include <exception>

/* Makes the layer known to OpenCV; may be called again and again. */
void region_layer_register();

/* Which of the regions of its net this layer is; -1: none. */
int region_layer_index(const cv::dnn::Layer &layer);

/* While this lives, nets that this thread loads find their regions by index in regions[count]. */
class region_scope
{
  public:
    region_scope(net_region *const *regions, int count) noexcept;
    ~region_scope();
    region_scope(const region_scope &) = delete;
    region_scope &operator=(const region_scope &) = delete;
};

/* What a region's layer throws in forward(), through OpenCV, to who runs the net. */
struct region_failure : std::exception {
    bsr_error error;
};
