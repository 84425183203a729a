/* postprocess/detection.h: from a net's numbers to boxes on its input, all of it. */
#pragma once

#include "postprocess/candidates.h"
#include "postprocess/nms.h"
#include "postprocess/yolo.h"
