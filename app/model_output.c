#include "app/model_output.h"

#include "app/exit_code.h"
#include "app/terminal.h"
#include "base/file.h"

#include <string.h>
#include <sys/stat.h>

static const char *output_of(const struct options *options)
{
    return options->input_count > 1 ? options->inputs[1] : options->output;
}

bsr_status model_output_check(const struct options *options, struct bsr_error *err)
{
    const char *name = command_name(options->command);
    if (!output_of(options)) {
        bsr_fail(err, BSR_EUSAGE, name, "no output: name the .onnx to write");
        bsr_hint(err, "besra %s MODEL OUTPUT", name);
        return BSR_EUSAGE;
    }
    if (options->input_count > 1 && options->output)
        return bsr_fail(err, BSR_EUSAGE, "--output", "given together with the output '%s'",
                        options->inputs[1]);
    return BSR_OK;
}

bool model_output_is_stream(const struct options *options)
{
    return strcmp(output_of(options), "-") == 0;
}

bsr_status model_output_spare(const char *output, const char *input, struct bsr_error *err)
{
    struct stat one, other;

    if (stat(output, &one) != 0 || stat(input, &other) != 0 || one.st_dev != other.st_dev ||
        one.st_ino != other.st_ino || !S_ISREG(one.st_mode))
        return BSR_OK;
    bsr_fail(err, BSR_EUSAGE, output, "is what is read: besra never writes over it");
    bsr_hint(err, "name another output");
    return BSR_EUSAGE;
}

bsr_status model_output_spare_model(const struct options *options, const struct model_file *file,
                                    struct bsr_error *err)
{
    return model_output_spare(output_of(options), file->card.file, err);
}

int model_output_write(const struct options *options, const struct onnx_model *model)
{
    const char      *path = output_of(options);
    struct bytes     bytes = {0};
    struct bsr_error err;
    bsr_status       status = onnx_model_write(model, &bytes, &err);

    if (status == BSR_OK)
        status = file_write(path, bytes.data, bytes.size, options->overwrite, false, &err);
    if (status == BSR_EEXIST)
        bsr_hint(&err, "replace it with --overwrite");
    if (status == BSR_OK && strcmp(path, "-") != 0)
        terminal_say("written to %s (%zu bytes)", path, bytes.size);
    if (status != BSR_OK)
        terminal_error(&err);
    bytes_free(&bytes);
    return exit_code_of(status);
}
