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
            .summary = "enlarge pictures",
            .model = "srcnn",
            .description = "Enlarges pictures by any factor with a network that restores detail. "
                           "Transparency, 16 bits, colour profiles and EXIF data are kept.",
            .examples = {{"besra upscale -s 3 photo.jpg", "three times as wide and as high"},
                         {"besra upscale --to 1920x1080 -f png photo.jpg", "to a given size, as PNG"},
                         {"besra upscale -s 2 -r pictures -o larger", "a whole folder, into another"}},
        },
};

static const char *const group_titles[GROUP_COUNT] = {
    [GROUP_MAIN] = "Model and output",
    [GROUP_DETECT] = "Detection",
    [GROUP_DETECT_OUTPUT] = "Drawing and saving",
    [GROUP_UPSCALE] = "Enlarging",
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

const char *command_name(enum command command)
{
    return command_infos[command].name;
}
