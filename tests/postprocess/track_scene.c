#include "track_scene.h"

#include "random.h"

#include <math.h>

enum { LANES = 5 };

static const double lane_first = 200, lane_step = 110;
static const double covered_most = 0.6; /* of a thing that is still found */

struct scene_options scene_options_hard(void)
{
    return (struct scene_options){.things = 10,
                                  .classes = 3,
                                  .frame_rate = 30,
                                  .seconds = 20,
                                  .jitter = 0.03,
                                  .missed = 0.1,
                                  .false_boxes = 0.3,
                                  .dropped = 0.05,
                                  .hidden_frames = 10,
                                  .least_score = 0.3,
                                  .most_score = 0.95};
}

static double between(struct scene *scene, double least, double most)
{
    return random_between(&scene->seed, (float)least, (float)most);
}

static bool happens(struct scene *scene, double share)
{
    return between(scene, 0, 1) < share;
}

/* Things of even numbers slide to the right, others to the left, each fourth one downwards. Those of a
 * direction pass the middle of the picture one after the other, so that they may overtake each other but
 * don't hide behind each other all the way; the post that hides things stands not far from the middle. */
static void make_thing(struct scene *scene, int index)
{
    const struct scene_options *options = &scene->options;
    struct scene_thing         *thing = &scene->things[index];
    double                      sign = index % 2 ? -1 : 1, speed = between(scene, 80, 220);
    double                      place = (index / 2 + between(scene, 0.3, 0.7)) / ((options->things + 1) / 2);
    double                      middle = (0.15 + 0.7 * place) * options->seconds;
    *thing = (struct scene_thing){.width = between(scene, 60, 140),
                                  .height = between(scene, 60, 110),
                                  .class_index =
                                      (int)random_below(&scene->seed, (unsigned)scene->options.classes)};
    if (index % 4 == 3) {
        thing->vx = sign * between(scene, 20, 60);
        thing->vy = speed / 2;
    } else {
        thing->vx = sign * speed;
    }
    double lane = lane_first + lane_step * random_below(&scene->seed, LANES) + between(scene, -15, 15);
    if (happens(scene, 0.3)) {
        thing->stop_from = middle - between(scene, 0.5, 2);
        thing->stop_to = thing->stop_from + between(scene, 0.3, 1.5);
    }
    if (index % 2 == 0) {
        thing->hidden_from = middle + between(scene, -0.5, 0.3);
        thing->hidden_to = thing->hidden_from + options->hidden_frames / options->frame_rate;
    }
    thing->x = SCENE_WIDTH / 2.0 - thing->vx * middle;
    thing->y = lane - thing->vy * middle;
}

void scene_begin(struct scene *scene, uint64_t seed, const struct scene_options *options)
{
    *scene = (struct scene){.options = *options, .seed = seed * 2654435761U + 1};
    for (int i = 0; i < options->things; i++)
        make_thing(scene, i);
}

void scene_place(const struct scene_thing *thing, double time, double *x, double *y)
{
    double stopped = fmax(0, fmin(time, thing->stop_to) - thing->stop_from);
    if (thing->stop_to > thing->stop_from)
        time -= stopped;
    *x = thing->x + thing->vx * time;
    *y = thing->y + thing->vy * time;
}

static struct track_box true_box(const struct scene_thing *thing, double time)
{
    double x, y;
    scene_place(thing, time, &x, &y);
    return (struct track_box){
        .x1 = fmax(x - thing->width / 2, 0),
        .y1 = fmax(y - thing->height, 0),
        .x2 = fmin(x + thing->width / 2, SCENE_WIDTH),
        .y2 = fmin(y, SCENE_HEIGHT),
        .class_index = thing->class_index,
    };
}

static double area(const struct track_box *box)
{
    return fmax(box->x2 - box->x1, 0) * fmax(box->y2 - box->y1, 0);
}

/* Things with higher numbers are in front. */
static bool is_in_sight(const struct scene *scene, int index, double time)
{
    const struct scene_thing *thing = &scene->things[index];
    struct track_box          box = true_box(thing, time);
    if (area(&box) < 0.2 * thing->width * thing->height)
        return false;
    if (time >= thing->hidden_from && time < thing->hidden_to)
        return false;
    for (int i = index + 1; i < scene->options.things; i++) {
        struct track_box front = true_box(&scene->things[i], time), both;
        both.x1 = fmax(box.x1, front.x1);
        both.y1 = fmax(box.y1, front.y1);
        both.x2 = fmin(box.x2, front.x2);
        both.y2 = fmin(box.y2, front.y2);
        if (area(&both) > covered_most * area(&box))
            return false;
    }
    return true;
}

static void add_box(struct scene_frame *frame, const struct track_box *box, int owner)
{
    if (frame->count == SCENE_MOST_BOXES)
        return;
    frame->boxes[frame->count] = *box;
    frame->owner[frame->count++] = owner;
}

static void see_thing(struct scene *scene, struct scene_frame *frame, int index)
{
    const struct scene_options *options = &scene->options;
    struct track_box            box = true_box(&scene->things[index], frame->time);
    double                      across = options->jitter * (box.x2 - box.x1);
    double                      down = options->jitter * (box.y2 - box.y1);
    box.x1 += between(scene, -across, across);
    box.x2 += between(scene, -across, across);
    box.y1 += between(scene, -down, down);
    box.y2 += between(scene, -down, down);
    box.score = between(scene, options->least_score, options->most_score);
    add_box(frame, &box, index);
}

static void see_nothing(struct scene *scene, struct scene_frame *frame)
{
    double           x = between(scene, 0, SCENE_WIDTH - 150), y = between(scene, 0, SCENE_HEIGHT - 120);
    struct track_box box = {.x1 = x,
                            .y1 = y,
                            .x2 = x + between(scene, 30, 150),
                            .y2 = y + between(scene, 30, 120),
                            .score = between(scene, 0.1, 0.7),
                            .class_index = (int)random_below(&scene->seed, (unsigned)scene->options.classes)};
    add_box(frame, &box, -1);
}

bool scene_next(struct scene *scene, struct scene_frame *frame)
{
    const struct scene_options *options = &scene->options;
    while (scene->frame && happens(scene, options->dropped))
        scene->frame++;
    *frame = (struct scene_frame){.time = scene->frame++ / options->frame_rate};
    if (frame->time > options->seconds)
        return false;
    for (int i = 0; i < options->things; i++)
        if (is_in_sight(scene, i, frame->time) && !happens(scene, options->missed))
            see_thing(scene, frame, i);
    for (double left = options->false_boxes; left > 0; left--)
        if (happens(scene, left))
            see_nothing(scene, frame);
    return true;
}
