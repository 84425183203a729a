/* besra eval detect: COCO's mAP and what goes with it. */
#include "app/commands.h"
#include "app/detecting.h"
#include "app/eval_detect_show.h"
#include "app/terminal.h"
#include "pipeline/plot.h"

/* As COCO's numbers are made (YOLOv5's val.py, Ultralytics' val): nearly all detections, a class at a time.
 */
static const double usual_score = 0.001, usual_iou = 0.6, judged_overlap = 0.5;
enum { USUAL_DETECTIONS = 300 };

static struct eval_detect_options eval_options(const struct options *options, const struct model *model)
{
    struct eval_detect_options how = {
        .detect = detecting_options(options, model),
        .as_stored = detecting_as_stored(options, model),
        .truth = options->truth,
        .at = {.score = model->card.confidence, .overlap = judged_overlap},
    };
    if (options->conf < 0)
        how.detect.confidence = usual_score;
    if (options->iou < 0)
        how.detect.iou = usual_iou;
    if (!options->max_det)
        how.detect.max_detections = USUAL_DETECTIONS;
    if (options->letterbox == FIT_CARD && !model->card.path)
        how.detect.rect = true;
    how.detect.agnostic = options->agnostic;
    how.detect.multi_label = !options->one_label;
    return how;
}

static const char *class_name(const void *context, int class_index, char space[32])
{
    (void)space;
    return eval_detect_class(context, class_index);
}

static int draw(const struct run *run, const struct eval_detect *eval, const struct eval_detection *result)
{
    struct bytes     curves = {0}, matrix = {0};
    struct bsr_error err;

    plot_precision_recall(&curves, result, class_name, eval);
    int code = eval_write_plot(run, "precision-recall.svg", &curves);
    if (code != EXIT_DONE)
        return code;
    if (!result->confusion) {
        terminal_say("note: no confusion matrix is drawn of more than %d classes", CONFUSION_MAX_CLASSES);
        return EXIT_DONE;
    }
    if (plot_confusion(&matrix, result->confusion, result->classes + 1, true, class_name, eval, &err) !=
        BSR_OK) {
        bytes_free(&matrix);
        return run_fail(&err);
    }
    return eval_write_plot(run, "confusion.svg", &matrix);
}

static int show(const struct run *run, const struct eval_detect *eval, const struct eval_detect_options *how)
{
    struct eval_detection result;
    struct bsr_error      err;

    if (eval_detect_finish(&result, eval, &err) != BSR_OK)
        return run_fail(&err);
    if (result.other_size)
        terminal_say("note: %zu pictures are of another size than the truth says: are they the same?",
                     result.other_size);
    int code = run->options->json ? eval_detect_json(run, eval, &result, &how->at)
                                  : eval_detect_print(run, eval, &result, &how->at);
    if (code == EXIT_DONE && run->options->plots)
        code = draw(run, eval, &result);
    eval_detection_free(&result);
    return code;
}

static int evaluate(struct run *run, const struct options *options)
{
    struct eval_detect_options how = eval_options(options, &run->model);
    struct eval_detect        *eval = NULL;
    struct bytes               notes = {0};
    struct bsr_error           err;

    bsr_status status = eval_detect_open(&eval, &run->job, &how, &notes, &err);
    run_say_notes(run, &notes, true);
    bytes_free(&notes);
    if (status != BSR_OK)
        return run_fail(&err);
    int code = run_batch(run, eval_detect_work, eval);
    if (run->report.done)
        code = eval_exit_code(code, show(run, eval, &how));
    eval_detect_close(eval);
    return code;
}

int eval_detect_command(const struct options *options)
{
    struct run run;
    if (!eval_has_truth(options, "COCO's .json, or a folder of YOLO's .txt or VOC's .xml files"))
        return EXIT_WRONG_USAGE;
    int code = run_open(&run, options, CARD_DETECT, "objects");
    if (code == EXIT_DONE)
        code = evaluate(&run, options);
    run_close(&run);
    return code;
}
