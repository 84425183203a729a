/* app/commands.h: one function a command. Each returns an exit code. */
#pragma once

#include "config/options.h"

int detect_command(const struct options *options);
int upscale_command(const struct options *options);
int classify_command(const struct options *options);
int view_command(const struct options *options);
int live_command(const struct options *options);
int bench_command(const struct options *options);
int eval_detect_command(const struct options *options);
int eval_upscale_command(const struct options *options);
int eval_classify_command(const struct options *options);
int model_show_command(const struct options *options);
int model_check_command(const struct options *options);
int model_explain_command(const struct options *options);
int model_simplify_command(const struct options *options);
int model_extract_command(const struct options *options);
int model_edit_command(const struct options *options);
int model_build_command(const struct options *options);
int model_compare_command(const struct options *options);
int model_run_command(const struct options *options);
int model_quantize_command(const struct options *options);
int model_list_command(const struct options *options);
