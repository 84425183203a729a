#include "config/option_table.h"

#include <string.h>

/* The field of each type, so that a row can't be given the wrong one. */
#define FIELD_FLAG    bool
#define FIELD_UNFLAG  bool
#define FIELD_TALLY   int
#define FIELD_INTEGER int
#define FIELD_REAL    double
#define FIELD_BYTES   uint64_t
#define FIELD_AMOUNT  uint64_t
#define FIELD_TEXT    char *
#define FIELD_MODEL   char *
#define FIELD_PATH    char *
#define FIELD_OPTPATH char *
#define FIELD_CHOICE  unsigned
#define FIELD_LIST    struct option_list
#define FIELD_REPEAT  struct option_list
#define FIELD_SQUARE  struct option_extent
#define FIELD_EXTENT  struct option_extent
#define FIELD_SHARD   struct option_shard

#define OPTION(id, field, name, letter, argument, type, ...)                                                 \
    _Static_assert(_Generic(((struct options *)0)->field, FIELD_##type : 1, default : 0),                    \
                   "the field of --" name " has another type");
#include "config/options.def"
#undef OPTION

const struct option_row option_rows[OPTION_COUNT] = {
/* clang-format off */
#define OPTION(id_, field_, name_, letter_, argument_, type_, fallback_, least_, most_, choices_, commands_, group_, help_) \
    [OPTION_##id_] = {                                                                                       \
        .id = OPTION_##id_,                                                                                  \
        .offset = offsetof(struct options, field_),                                                          \
        .flag = "--" name_,                                                                                  \
        .letter = (letter_),                                                                                 \
        .argument = (argument_),                                                                             \
        .type = TYPE_##type_,                                                                                \
        .fallback = (fallback_),                                                                             \
        .least = (least_),                                                                                   \
        .most = (most_),                                                                                     \
        .choices = (choices_),                                                                               \
        .commands = (commands_),                                                                             \
        .group = (group_),                                                                                   \
        .help = (help_),                                                                                     \
    },
/* clang-format on */
#include "config/options.def"
#undef OPTION
};

const struct command_info command_infos[COMMAND_COUNT] = {
    [COMMAND_NONE] =
        {
            .name = "",
            .page = "",
            .usage = "COMMAND [OPTION...] INPUT...",
            .model = "",
            .summary = "find objects in pictures and enlarge pictures",
            .description = "besra runs exported ONNX models on pictures: networks that find objects and draw "
                           "boxes round them, and networks that enlarge.",
            .examples = {{"besra detect photo.jpg", "what is in the picture, and a copy with boxes"},
                         {"besra upscale -s 3 photo.jpg", "three times as wide and as high"},
                         {"besra detect --help", "all that can be asked of a command"}},
        },
    [COMMAND_DETECT] =
        {
            .name = "detect",
            .page = "detect",
            .usage = "[OPTION...] INPUT...",
            .least_inputs = 1,
            .summary = "find objects in pictures",
            .model = "cards",
            .description = "Finds the objects that a model knows, writes each picture with a box round each "
                           "of them, and says what was found.",
            .examples = {{"besra detect photo.jpg", "boxes drawn into besra-out/cards/photo.jpg"},
                         {"besra detect -m yolov5n.onnx -c 0.4 -r pictures", "another model, a whole folder"},
                         {"besra detect --json --no-image photo.jpg", "only the record, for programs"}},
        },
    [COMMAND_UPSCALE] =
        {
            .name = "upscale",
            .page = "upscale",
            .usage = "[OPTION...] INPUT...",
            .least_inputs = 1,
            .summary = "enlarge pictures",
            .model = "srcnn",
            .description = "Enlarges pictures by any factor with a network that restores detail. "
                           "Transparency, 16 bits, colour profiles and EXIF data are kept.",
            .examples = {{"besra upscale -s 3 photo.jpg", "three times as wide and as high"},
                         {"besra upscale --to 1920x1080 -f png photo.jpg", "to a given size, as PNG"},
                         {"besra upscale -s 2 -r pictures -o larger", "a whole folder, into another"}},
        },
    [COMMAND_CLASSIFY] =
        {
            .name = "classify",
            .page = "classify",
            .usage = "[OPTION...] INPUT...",
            .least_inputs = 1,
            .model = "",
            .summary = "say what a picture shows",
            .description = "Names the classes that a model gives a picture, best first, with their scores.",
            .examples = {{"besra classify -m squeezenet.onnx photo.jpg", "the five best classes"},
                         {"besra classify -m net.onnx --json -r pictures", "a record of each, for programs"}},
        },
    [COMMAND_VIEW] =
        {
            .name = "view",
            .page = "view",
            .usage = "[OPTION...] [INPUT...]",
            .model = "cards",
            .summary = "look at pictures and what models make of them, in a window",
            .description =
                "Opens a window with pictures, a model and its settings, which act at once. What it shows "
                "is told as the command line that makes the same, and pictures, folders and "
                "models can be dropped into it. Press ? in it for the keys.",
            .examples = {{"besra view holiday", "all pictures of a folder"},
                         {"besra view -m net.onnx photo.jpg", "with another model"},
                         {"besra view -m srcnn -s 3 photo.jpg", "enlarged, beside bicubic"}},
        },
    [COMMAND_LIVE] =
        {
            .name = "live",
            .page = "live",
            .usage = "[OPTION...] [SOURCE]",
            .most_inputs = 1,
            .model = "cards",
            .summary = "find objects in what a camera sees, as it sees it",
            .description = "Watches a camera (0, the default, or /dev/video2), a stream (rtsp://, http://), "
                           "a video file or "
                           "standard input (-), and finds objects in the newest frame, again and again. "
                           "Follows things from "
                           "frame to frame, counts them at lines and in zones, records at true speed, and "
                           "opens again what "
                           "ends or hangs.",
            .examples = {{"besra live --headless -m net.onnx --json",
                          "the first camera; a record of each frame that was looked at"},
                         {"besra live --headless -o gate.mp4 --record-on person rtsp://camera/1",
                          "a video of each person, from 5 s before to 10 s after"},
                         {"besra live --headless --count-line 0,300,700,300 --json street.mp4",
                          "who crosses a line, in each frame of a file"}},
        },
    [COMMAND_BENCH] =
        {
            .name = "bench",
            .page = "bench",
            .usage = "[OPTION...] MODEL",
            .most_inputs = 1,
            .model = "",
            .summary = "how long a model takes, stage by stage and layer by layer",
            .description =
                "Runs any model again and again and tells the times: of the net alone, of each stage of a "
                "picture's way through it, of each layer; multiplications a second beside those that the "
                "processor can do at best, and memory.",
            .examples = {{"besra bench net.onnx -i photo.jpg", "with the stages of this picture"},
                         {"besra bench net.onnx --compare opencv", "beside OpenCV's own DNN, in turns"},
                         {"besra bench net.onnx --json --runs 100", "for programs"}},
        },
    [COMMAND_EVAL] =
        {
            .name = "eval",
            .page = "eval",
            .usage = "COMMAND [OPTION...] INPUT...",
            .model = "",
            .summary = "how good a model is, measured against the truth",
            .description =
                "Runs a model on pictures of which it is known what they show, and says how well it "
                "did, in the measures of the field.",
            .examples = {{"besra eval detect -m net.onnx --truth instances.json pictures", "COCO's mAP"},
                         {"besra eval upscale -s 3 pictures", "PSNR and SSIM"},
                         {"besra eval classify -m net.onnx --truth labels.csv pictures", "top-1 and top-5"}},
        },
    [COMMAND_EVAL_DETECT] =
        {
            .name = "eval detect",
            .page = "eval-detect",
            .usage = "[OPTION...] --truth FILE|FOLDER INPUT...",
            .least_inputs = 1,
            .model = "cards",
            .summary = "mAP of a detector",
            .description =
                "Finds objects and compares them with the truth as COCO does: average precision at "
                "101 points of recall and IoU 0.50 to 0.95, by size and by class. The truth is "
                "COCO's JSON, or a folder of YOLO's .txt or VOC's .xml files. Without --letterbox a "
                "model without a card is run on as little padding as it takes.",
            .examples = {{"besra eval detect -m net.onnx --truth instances.json pictures",
                          "against COCO's JSON"},
                         {"besra eval detect --truth labels --worst 10 pictures",
                          "against YOLO's labels, with the ten worst pictures"},
                         {"besra eval detect -m net.onnx --truth Annotations --plots plots pictures",
                          "against VOC's, with curves and a confusion matrix"}},
        },
    [COMMAND_EVAL_UPSCALE] =
        {
            .name = "eval upscale",
            .page = "eval-upscale",
            .usage = "[OPTION...] INPUT...",
            .least_inputs = 1,
            .model = "srcnn",
            .summary = "PSNR and SSIM of a net that enlarges",
            .description = "Makes each picture smaller, as MATLAB's imresize does, enlarges that again, and "
                           "compares with the picture: PSNR and SSIM of the luma, as many pixels left out at "
                           "each side as it was enlarged times, beside bicubic alone.",
            .examples = {{"besra eval upscale -s 3 Set5", "at three times the size"},
                         {"besra eval upscale -s 2 --json Set14", "for programs"}},
        },
    [COMMAND_EVAL_CLASSIFY] =
        {
            .name = "eval classify",
            .page = "eval-classify",
            .usage = "[OPTION...] --truth FILE.csv INPUT...",
            .least_inputs = 1,
            .model = "",
            .summary = "top-1 and top-5 of a classifier",
            .description = "Says how often the best class, and one of the best five, is the right one. The "
                           "truth is a table of two columns: the picture's file, and its class by number or "
                           "name.",
            .examples = {{"besra eval classify -m net.onnx --truth labels.csv pictures", "top-1 and top-5"},
                         {"besra eval classify -m net.onnx --truth labels.csv --worst 10 pictures",
                          "with those that it was surest of and wrong"}},
        },
    [COMMAND_MODEL] =
        {
            .name = "model",
            .page = "model",
            .usage = "COMMAND [OPTION...] MODEL",
            .model = "",
            .summary = "look into, repair, cut, edit, build, run and compare models",
            .description = "Works on exported ONNX models as data: what is in them, whether they will run, "
                           "what besra changes so that they do, and where two of them part.",
            .examples = {{"besra model show net.onnx", "what is in it"},
                         {"besra model check net.onnx", "whether it will run, and if not, why"},
                         {"besra model compare a.onnx b.onnx", "where they part"}},
        },
    [COMMAND_MODEL_SHOW] =
        {
            .name = "model show",
            .page = "model-show",
            .usage = "[OPTION...] MODEL",
            .least_inputs = 1,
            .most_inputs = 1,
            .model = "",
            .summary = "what is in a model",
            .description = "Shows a model's inputs, outputs, operators, parameters and multiplications, its "
                           "layers, a tensor, or a drawing of the graph.",
            .examples = {{"besra model show net.onnx", "inputs, outputs, operators, size"},
                         {"besra model show --layers net.onnx", "layer by layer"},
                         {"besra model show --svg net.svg net.onnx", "a drawing of the graph"}},
        },
    [COMMAND_MODEL_CHECK] =
        {
            .name = "model check",
            .page = "model-check",
            .usage = "[OPTION...] MODEL",
            .least_inputs = 1,
            .most_inputs = 1,
            .model = "",
            .summary = "whether a model will run, and what is wrong with it",
            .description = "Lists all faults of a model at once, then each node that the installed OpenCV "
                           "can't run, why, and what besra does about it. The exit code is 0 when it will "
                           "run, else 4.",
            .examples = {{"besra model check net.onnx", "all that is wrong with it"},
                         {"besra model check --shape images:1,3,640,640 net.onnx", "at a given size"}},
        },
    [COMMAND_MODEL_EXPLAIN] =
        {
            .name = "model explain",
            .page = "model-explain",
            .usage = "[OPTION...] MODEL",
            .least_inputs = 1,
            .most_inputs = 1,
            .model = "",
            .summary = "what besra changes in a model to run it",
            .description = "Lists what becomes of which nodes before the model is handed to OpenCV. The "
                           "file is never changed.",
            .examples = {{"besra model explain net.onnx", "each change"},
                         {"besra model explain --json net.onnx", "for programs"}},
        },
    [COMMAND_MODEL_SIMPLIFY] =
        {
            .name = "model simplify",
            .page = "model-simplify",
            .usage = "[OPTION...] MODEL OUTPUT",
            .least_inputs = 1,
            .most_inputs = 2,
            .model = "",
            .summary = "write a model with its constants folded and its shapes fixed",
            .description = "Writes the prepared graph as a standard .onnx that other engines open, with a "
                           "table of operators before and after and a numerical proof that both compute the "
                           "same.",
            .examples = {{"besra model simplify net.onnx small.onnx", "fold all that is constant"},
                         {"besra model simplify --shape images:1,3,640,640 net.onnx fixed.onnx",
                          "with a fixed size"},
                         {"besra model simplify --freeze factor=1,1,3,3 net.onnx x3.onnx",
                          "with an input made a constant"}},
        },
    [COMMAND_MODEL_EXTRACT] =
        {
            .name = "model extract",
            .page = "model-extract",
            .usage = "[OPTION...] MODEL OUTPUT",
            .least_inputs = 1,
            .most_inputs = 2,
            .model = "",
            .summary = "cut a part out of a model",
            .description = "Writes the part of a model between some of its tensors as a model of its own.",
            .examples = {{"besra model extract --outputs conv1 net.onnx head.onnx", "up to a tensor"},
                         {"besra model extract --inputs conv1 --outputs conv5 net.onnx part.onnx",
                          "between two tensors"}},
        },
    [COMMAND_MODEL_EDIT] =
        {
            .name = "model edit",
            .page = "model-edit",
            .usage = "[OPTION...] MODEL OUTPUT",
            .least_inputs = 1,
            .most_inputs = 2,
            .model = "",
            .summary = "change nodes, names, shapes, metadata and weights",
            .description = "Writes a changed copy of a model. Changes are made in this order: "
                           "--remove-node, --set-op, --replace-weights, --freeze, --set-input-shape, "
                           "--rename, --set-metadata, --to-fp16.",
            .examples = {{"besra model edit --set-op Add_1=Sub net.onnx other.onnx", "another operator"},
                         {"besra model edit --replace-weights conv1.weight=w.npy net.onnx other.onnx",
                          "other weights"},
                         {"besra model edit --to-fp16 net.onnx half.onnx", "half the size"}},
        },
    [COMMAND_MODEL_BUILD] =
        {
            .name = "model build",
            .page = "model-build",
            .usage = "[OPTION...] DESCRIPTION OUTPUT",
            .least_inputs = 1,
            .most_inputs = 2,
            .model = "",
            .summary = "make a model from a description of its layers",
            .description = "Makes an .onnx from a libconfig description of layers, with weights from .npy "
                           "or raw files.",
            .examples = {{"besra model build net.cfg net.onnx", "as described"},
                         {"besra model build --storage f16 net.cfg net.onnx", "with 16-bit weights"}},
        },
    [COMMAND_MODEL_COMPARE] =
        {
            .name = "model compare",
            .page = "model-compare",
            .usage = "[OPTION...] A B",
            .least_inputs = 1,
            .most_inputs = 2,
            .model = "",
            .summary = "where two models, engines or runs part",
            .description = "Runs A and B on the same input and compares their tensors, one after the other: "
                           "largest and mean difference, MSE, cosine, NaN, and the first place where they "
                           "part. A and B are models, or one is a folder of .npy files; with --engines or "
                           "--precisions one model is enough. The exit code is 0 when they agree, 1 when "
                           "they part.",
            .examples = {{"besra model compare a.onnx b.onnx", "two models, all tensors that both have"},
                         {"besra model compare net.onnx dumps/", "its debug nodes against .npy files"},
                         {"besra model compare --engines opencv,besra -i bus.jpg --bisect part net.onnx",
                          "two engines of one model; the node in which they part"}},
        },
    [COMMAND_MODEL_RUN] =
        {
            .name = "model run",
            .page = "model-run",
            .usage = "[OPTION...] MODEL",
            .least_inputs = 1,
            .most_inputs = 1,
            .model = "",
            .summary = "run a model on tensors or pictures",
            .description = "Feeds a model's inputs from .npy, .pb or picture files, or with random numbers, "
                           "and writes its outputs as .npy or .pb files.",
            .examples = {{"besra model run -i x.npy -o out net.onnx", "one input, outputs into a folder"},
                         {"besra model run -i a=a.npy -i b=b.npy net.onnx", "inputs by name"}},
        },
    [COMMAND_MODEL_QUANTIZE] =
        {
            .name = "model quantize",
            .page = "model-quantize",
            .usage = "[OPTION...] MODEL OUTPUT",
            .least_inputs = 1,
            .most_inputs = 2,
            .model = "",
            .summary = "write a model that computes on 8-bit numbers",
            .description =
                "Runs the model on the pictures of --calibrate, chooses the range of each tensor, and "
                "writes a standard QDQ .onnx, which other engines open, too: weights with a scale "
                "for each channel, layers that lose too much left as they are. Tells what each "
                "layer loses.",
            .examples = {{"besra model quantize --calibrate photos/ net.onnx int8.onnx", "with 64 of these"},
                         {"besra model quantize --calibrate photos/ --keep-below 20 net.onnx int8.onnx",
                          "what loses most stays f32"}},
        },
    [COMMAND_MODEL_LIST] =
        {
            .name = "model list",
            .page = "model-list",
            .usage = "[OPTION...] [FOLDER]",
            .least_inputs = 0,
            .most_inputs = 1,
            .model = "",
            .summary = "the cards and models that there are",
            .description = "Lists the model cards in the folders that besra looks into, or in FOLDER, with "
                           "their tasks, sizes and scores, and the models there that have no card.",
            .examples = {{"besra model list", "what -m can name"}},
        },
};

static const char *const group_titles[GROUP_COUNT] = {
    [GROUP_MAIN] = "Model and output",
    [GROUP_DETECT] = "Detection",
    [GROUP_DETECT_OUTPUT] = "Drawing and saving",
    [GROUP_UPSCALE] = "Enlarging",
    [GROUP_CLASSIFY] = "Classification",
    [GROUP_VIEW] = "The window",
    [GROUP_LIVE] = "The source",
    [GROUP_RECORDING] = "Recording, following, counting",
    [GROUP_EVAL] = "Measuring",
    [GROUP_BENCH] = "Timing",
    [GROUP_NET] = "What a net without a card takes and gives",
    [GROUP_MODEL] = "The model",
    [GROUP_INPUT] = "Input",
    [GROUP_OUTPUT] = "Writing",
    [GROUP_RUN] = "Running",
    [GROUP_MESSAGES] = "Messages",
};

static const struct {
    const char *codes, *text;
} exit_codes[] = {
    {"0", "all done"},
    {"1", "some inputs failed; each was named"},
    {"2", "wrong usage or configuration"},
    {"3", "something needed is not installed or not there"},
    {"4", "the model can't be used"},
    {"5", "would not fit the memory budget"},
    {"130, 143", "interrupted or terminated; what was done is kept"},
};

const char *option_group_title(enum option_group group)
{
    return group_titles[group];
}

bool option_is_negatable(const struct option_row *row)
{
    bool has_off = row->type == TYPE_FLAG || row->type == TYPE_TALLY || row->type == TYPE_OPTPATH;
    return has_off && !(row->commands & LINE_ONLY);
}

bool option_needs_value(const struct option_row *row)
{
    return row->argument && row->type != TYPE_OPTPATH;
}

static bool is_name(const char *name, const char *text, size_t length)
{
    if (strlen(name) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (name[i] != (text[i] == '_' ? '-' : text[i]))
            return false;
    return true;
}

const struct option_row *option_by_name(const char *name, size_t length)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (is_name(option_name(&option_rows[i]), name, length))
            return &option_rows[i];
    return NULL;
}

const struct option_row *option_by_name_in(const char *name, size_t length, enum command command)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (option_is_in(&option_rows[i], command) && is_name(option_name(&option_rows[i]), name, length))
            return &option_rows[i];
    return NULL;
}

const struct option_row *option_by_letter(char letter, enum command command)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (letter && option_rows[i].letter == letter && option_is_in(&option_rows[i], command))
            return &option_rows[i];
    return NULL;
}

const char *option_choice(const struct option_row *row, int n, int *length)
{
    const char *word = row->choices;
    for (; word && n > 0; n--) {
        word = strchr(word, '|');
        word = word ? word + 1 : NULL;
    }
    if (word)
        *length = (int)strcspn(word, "|");
    return word;
}

void option_append_choices(const struct option_row *row, const char *last, struct bytes *out)
{
    int length = 0, next_length = 0;
    for (int n = 0; option_choice(row, n, &length); n++) {
        bool is_last = n > 0 && !option_choice(row, n + 1, &next_length);
        if (n > 0)
            bytes_append_text(out, is_last && last ? last : ", ");
        bytes_append(out, option_choice(row, n, &length), (size_t)length);
    }
}

const char *exit_code_text(int n, const char **codes)
{
    if (n < 0 || (size_t)n >= sizeof exit_codes / sizeof *exit_codes)
        return NULL;
    *codes = exit_codes[n].codes;
    return exit_codes[n].text;
}

enum command command_by_name(const char *name)
{
    for (int i = COMMAND_NONE + 1; i < COMMAND_COUNT; i++)
        if (strcmp(command_infos[i].name, name) == 0)
            return (enum command)i;
    return COMMAND_NONE;
}

enum command command_group(enum command command)
{
    const char *name = command_infos[command].name, *blank = strchr(name, ' ');
    for (int i = COMMAND_NONE + 1; blank && i < COMMAND_COUNT; i++)
        if (strlen(command_infos[i].name) == (size_t)(blank - name) &&
            strncmp(command_infos[i].name, name, (size_t)(blank - name)) == 0)
            return (enum command)i;
    return COMMAND_NONE;
}

const char *command_name(enum command command)
{
    return command_infos[command].name;
}

const char *command_page(enum command command)
{
    return command_infos[command].page;
}
