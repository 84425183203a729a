/* config/options.h: what the person asked for, from the defaults, the configuration files and the command
 * line, in rising order of precedence. The rows behind it are in config/options.def. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum command {
    COMMAND_NONE,
    COMMAND_DETECT,
    COMMAND_UPSCALE,
    COMMAND_CLASSIFY,
    COMMAND_VIEW,
    COMMAND_LIVE,
    COMMAND_BENCH,
    COMMAND_EVAL,  /* only to ask for help on those below: eval detect, ... */
    COMMAND_MODEL, /* the same */
    COMMAND_MODEL_SHOW,
    COMMAND_MODEL_CHECK,
    COMMAND_MODEL_EXPLAIN,
    COMMAND_MODEL_SIMPLIFY,
    COMMAND_MODEL_EXTRACT,
    COMMAND_MODEL_EDIT,
    COMMAND_MODEL_BUILD,
    COMMAND_MODEL_COMPARE,
    COMMAND_MODEL_RUN,
    COMMAND_MODEL_QUANTIZE,
    COMMAND_MODEL_LIST,
    COMMAND_EVAL_DETECT,
    COMMAND_EVAL_UPSCALE,
    COMMAND_EVAL_CLASSIFY,
    COMMAND_COUNT
};

/* One id for each row of options.def: OPTION_MODEL, OPTION_MAX_DET, ... */
enum option_id {
#define OPTION(id, ...) OPTION_##id,
#include "config/options.def"
#undef OPTION
    OPTION_COUNT
};

/* Choices, in the order of the words in options.def. */
enum format_choice { AS_SAME, AS_JPG, AS_PNG, AS_WEBP, AS_TIFF, AS_BMP, AS_PPM };
enum engine_choice {
    RUN_AUTO,
    RUN_OPENCV,
    RUN_OPENCV_OPENCL,
    RUN_OPENCV_CUDA,
    RUN_OPENCV_OPENVINO,
    RUN_BESRA,
};
/* What `bench --compare` runs beside: as enum engine_choice, one higher. */
enum beside_choice {
    BESIDE_NONE,
    BESIDE_AUTO,
    BESIDE_OPENCV,
    BESIDE_OPENCV_OPENCL,
    BESIDE_OPENCV_CUDA,
    BESIDE_OPENCV_OPENVINO,
    BESIDE_BESRA,
};
enum precision_choice { PRECISION_F32, PRECISION_BF16, PRECISION_INT8 };
enum progress_choice { PROGRESS_AUTO, PROGRESS_BAR, PROGRESS_JSON, PROGRESS_NONE };
enum color_choice { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
enum fit_choice { FIT_CARD, FIT_RECT, FIT_SQUARE };
enum qdq_choice { QDQ_AS_WRITTEN, QDQ_LEFT_OUT };
enum crop_choice { CROP_MIDDLE, CROP_STRETCH, CROP_PAD };
enum scores_choice { SCORES_AUTO, SCORES_LOGITS, SCORES_PROBABILITIES };
enum input_color_choice { INPUT_COLOR_CARD, INPUT_COLOR_RGB, INPUT_COLOR_BGR, INPUT_COLOR_LUMA };
enum input_range_choice { INPUT_RANGE_CARD, INPUT_RANGE_UNIT, INPUT_RANGE_BYTE, INPUT_RANGE_IMAGENET };
enum layout_choice { LAYOUT_AUTO, LAYOUT_YOLOV5, LAYOUT_YOLOV5_HEADS, LAYOUT_YOLOV8, LAYOUT_BOXES };
enum range_choice { RANGE_MINMAX, RANGE_PERCENTILE, RANGE_ENTROPY, RANGE_MSE };
enum storage_choice { STORAGE_AS_DESCRIBED, STORAGE_F32, STORAGE_F16 };
enum theme_choice { LOOK_DARK, LOOK_LIGHT };
enum beside_view_choice { VIEW_DIVIDER, VIEW_SIDE, VIEW_LENS, VIEW_AFTER, VIEW_BEFORE };
enum shrink_choice { LOAD_SHRUNK_WITH_SPARE, LOAD_SHRUNK, LOAD_WHOLE };
enum profile_choice { PROFILE_CARD, PROFILE_APPLY, PROFILE_IGNORE };

struct option_list { /* --classes person,3 */
    char **items;
    size_t count;
};

struct option_extent { /* --size 640 is 640 x 640; 0 x 0: not given */
    int width, height;
};

struct option_shard { /* --shard 2/8: inputs 2, 10, 18, ... counted from 1 */
    int index, count; /* 1 <= index <= count; 1/1: all of them */
};

/* Text and lists belong to the options; release all with options_free(). */
struct options { /* NOLINT(clang-analyzer-optin.performance.Padding): in an order for readers */
    enum command command;
    bool         help, version; /* asked for: nothing else was checked, nothing is to be done */
    char       **inputs;        /* as written: paths, "-", "@list"; in their order */
    size_t       input_count;

    /* All commands. */
    char                 *model;  /* a card's name, a .cfg or an .onnx; "" for the commands below model */
    char                 *output; /* NULL: besra-out/NAME; "-": standard output */
    enum format_choice    format;
    int                   quality; /* 1..100; 0: the format's usual one (95 for JPEG) */
    char                 *json;    /* NULL: no record; "-": standard output */
    bool                  dry_run;
    bool                  overwrite;
    bool                  resume; /* pass over inputs whose picture is there */
    bool                  fail_fast;
    bool                  recursive;
    char                 *list;       /* a file of paths, a line each; "-": standard input; or NULL */
    int                   threads;    /* 1..256 */
    uint64_t              memory;     /* bytes; 0: no limit; by default half of the machine's */
    uint64_t              max_pixels; /* of one picture */
    enum engine_choice    engine;
    enum precision_choice precision;
    struct option_shard   shard;
    char                 *config; /* of --config, or NULL */
    bool                  no_config;
    int                   verbose; /* how many times: 0.. */
    bool                  quiet;
    enum progress_choice  progress;
    enum color_choice     color; /* as asked; NO_COLOR and the terminal are the program's concern */

    /* detect */
    double               conf;    /* 0..1; negative: as the card says */
    double               iou;     /* 0..1; negative: as the card says */
    int                  max_det; /* 1..; 0: as the card says */
    struct option_list   classes; /* names or numbers; empty: all */
    bool                 agnostic;
    enum fit_choice      letterbox;
    enum profile_choice  profile;
    enum shrink_choice   shrink_on_load;
    struct option_extent size; /* of the net's input; 0 x 0: as the card says */
    bool                 save_txt, save_conf, save_crop;
    bool                 no_image;
    char                *label;      /* "{name} {score}" */
    int                  line_width; /* pixels; 0: by the picture's size */
    bool                 hide_labels, hide_conf;

    /* upscale */
    double               scale; /* 1..; not in force when `to` is given */
    struct option_extent to;    /* 0 x 0: not given */
    int                  tile;  /* pixels; 0: as large as is best */
    bool                 compare;

    /* classify */
    int                top; /* 1.. */
    enum crop_choice   fit;
    enum scores_choice scores;

    /* view */
    enum theme_choice       theme;
    enum beside_view_choice beside_view; /* how before and after are compared */
    struct option_extent    window;      /* 0 x 0: as large as suits the screen */
    bool                    hide_panel, hide_strip, hide_boxes, hide_numbers;

    /* eval ... */
    char *truth; /* NULL: not given */
    char *plots; /* a folder; NULL: none are drawn */
    int   worst; /* how many of the worst pictures to list */
    bool  one_label;

    /* bench */
    int                runs;
    enum beside_choice beside;

    /* live */
    struct option_extent camera_size; /* of a camera's frames; 0 x 0: its own */
    double               fps;         /* of a camera; 0: its own */
    char                *fourcc;      /* NULL: any */
    char                *mjpeg;       /* NULL: none is shown */
    double               timeout;     /* seconds; 0: for ever */
    bool                 realtime, loop, no_reconnect, headless;
    bool                 record_plain, overlay, track, any_class;
    struct option_list   record_on;          /* classes */
    double               pre, post;          /* seconds */
    struct option_list   count_lines, zones; /* "x,y,x,y,..." */
    double               duration;           /* seconds; 0: no end */
    int                  frames;             /* 0: no end */

    /* What a net without a card was trained on. */
    enum input_color_choice input_color;
    enum input_range_choice input_range;
    enum layout_choice      layout;
    enum qdq_choice         qdq;
    struct option_list      ops; /* plugins */

    /* model ...: lists as written, "NAME=VALUE" and the like */
    struct option_list  shapes, freeze;
    bool                layers;
    char               *tensor, *dot, *svg; /* NULL: not asked for */
    struct option_list  cut_inputs, cut_outputs;
    struct option_list  set_op, rename, set_input_shape, set_metadata, remove_node, replace_weights;
    bool                to_fp16;
    struct option_list  feeds;
    int                 seed;
    bool                pb;
    struct option_list  at, engines, precisions;
    double              atol, rtol;
    char               *heat, *bisect; /* NULL: not asked for */
    enum storage_choice storage;
    struct option_list  calibrate; /* folders, pictures, .npy files */
    int                 samples;
    enum range_choice   range;
    double              percentile;
    struct option_list  keep;
    double              keep_below; /* dB */

    /* Where each value comes from: NULL for a default, "--conf", or "besra.cfg:12". */
    const char *origins[OPTION_COUNT];

    struct option_text *texts; /* every piece of text above */
};

/* Reads the configuration files that argv asks for, then argv itself (argv[0] is the program; argv[1] the
 * command). BSR_EUSAGE names the option or the file's line, what is wrong with it and the nearest name there
 * is; BSR_EMISSING when the file of --config is not there. Prints nothing. Release with options_free(). */
bsr_status options_parse(struct options *out, int argc, char **argv, struct bsr_error *err);

void options_free(struct options *options);

/* Where the window of a command remembers how it was left: window.cfg (of `live` window-live.cfg) beside the
 * person's own besra.cfg. *path is the caller's (mem_free); NULL where there is no such place. BSR_ENOMEM. */
bsr_status options_window_file(char **path, enum command command, struct bsr_error *err);

/* Appends the values of these options as a group of the configuration file: "view = { theme = "dark"; };".
 * Check out->failed at the end. */
void options_write_group(const struct options *options, const enum option_id *ids, size_t count,
                         struct bytes *out);

/* Appends the options that were given on the command line or in a file, but for the `left_out`, as they are
 * typed: " --model 'a b.onnx' --track", in the order of --help. Check out->failed at the end. */
void options_write_line(const struct options *options, const enum option_id *left_out, size_t count,
                        struct bytes *out);

/* "detect", "model show"; "" for COMMAND_NONE. */
const char *command_name(enum command command);

/* The manual's page of it: "detect", "model-show". */
const char *command_page(enum command command);

/* What --help shows, 80 columns; COMMAND_NONE: of the program. Check out->failed at the end. */
void options_print_help(enum command command, struct bytes *out);

/* The manual page, in the man macros: besra.1 for COMMAND_NONE, besra-detect.1, ... */
void options_write_man(enum command command, struct bytes *out);

enum shell { SHELL_BASH, SHELL_ZSH, SHELL_FISH };

/* The completion script. */
void options_write_completion(enum shell shell, struct bytes *out);
