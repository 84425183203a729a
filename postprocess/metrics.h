/* postprocess/metrics.h: how good a result is, against the truth: all of it. */
#pragma once

#include "postprocess/average_precision.h"
#include "postprocess/confusion.h"
#include "postprocess/picture_quality.h"
