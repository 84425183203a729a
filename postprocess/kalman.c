#include "postprocess/kalman.h"

#include <math.h>

/* ByteTrack's deviations (kalman_filter.py: _std_weight_position, _std_weight_velocity), in sizes of the
 * thing and a frame. Its frames are those of MOT17 at 30 per second. */
static const double place_deviation = 1.0 / 20;
static const double speed_deviation = 1.0 / 160;
static const double frame_rate = 30;
/* Of what is known at the beginning, in deviations. */
static const double first_place = 2;
static const double first_speed = 10;

/* ByteTrack measures noise in heights. That of a car seen from the side is small, so here it is the side of a
 * square of the same area. */
static double size_of(const struct kalman_box *box)
{
    return sqrt(fmax(box->width.place, 1) * fmax(box->height.place, 1));
}

static double square(double value)
{
    return value * value;
}

static void begin_axis(struct kalman_axis *axis, double seen, double size)
{
    *axis = (struct kalman_axis){
        .place = seen,
        .place_variance = square(first_place * place_deviation * size),
        .speed_variance = square(first_speed * speed_deviation * size * frame_rate),
    };
}

/* With F = [1 t; 0 1]: P = F P F' + Q, Q the integral over t of both noises. */
static void predict_axis(struct kalman_axis *axis, double t, double size)
{
    double place_noise = square(place_deviation * size) * frame_rate; /* pixels^2 a second */
    double speed_noise = square(speed_deviation * size * frame_rate) * frame_rate;
    axis->place += axis->speed * t;
    axis->place_variance += 2 * t * axis->covariance + t * t * axis->speed_variance + place_noise * t +
                            speed_noise * t * t * t / 3;
    axis->covariance += t * axis->speed_variance + speed_noise * t * t / 2;
    axis->speed_variance += speed_noise * t;
}

/* With H = [1 0]: K = P H' / (H P H' + R), P = (I - K H) P. */
static void correct_axis(struct kalman_axis *axis, double seen, double size)
{
    double all = axis->place_variance + square(place_deviation * size);
    double place_gain = axis->place_variance / all, speed_gain = axis->covariance / all;
    double off = seen - axis->place;
    axis->place += place_gain * off;
    axis->speed += speed_gain * off;
    axis->speed_variance -= speed_gain * axis->covariance;
    axis->covariance *= 1 - place_gain;
    axis->place_variance *= 1 - place_gain;
}

void kalman_begin(struct kalman_box *box, const struct kalman_corners *seen)
{
    double width = seen->x2 - seen->x1, height = seen->y2 - seen->y1;
    double size = sqrt(width * height);
    begin_axis(&box->x, seen->x1 + width / 2, size);
    begin_axis(&box->y, seen->y1 + height / 2, size);
    begin_axis(&box->width, width, size);
    begin_axis(&box->height, height, size);
}

void kalman_predict(struct kalman_box *box, double seconds)
{
    double size = size_of(box);
    predict_axis(&box->x, seconds, size);
    predict_axis(&box->y, seconds, size);
    predict_axis(&box->width, seconds, size);
    predict_axis(&box->height, seconds, size);
}

void kalman_correct(struct kalman_box *box, const struct kalman_corners *seen)
{
    double size = size_of(box);
    double width = seen->x2 - seen->x1, height = seen->y2 - seen->y1;
    correct_axis(&box->x, seen->x1 + width / 2, size);
    correct_axis(&box->y, seen->y1 + height / 2, size);
    correct_axis(&box->width, width, size);
    correct_axis(&box->height, height, size);
}

void kalman_hold_size(struct kalman_box *box)
{
    box->width.speed = box->height.speed = 0;
}

struct kalman_corners kalman_corners(const struct kalman_box *box)
{
    double half_width = fmax(box->width.place, 1) / 2, half_height = fmax(box->height.place, 1) / 2;
    return (struct kalman_corners){box->x.place - half_width, box->y.place - half_height,
                                   box->x.place + half_width, box->y.place + half_height};
}
