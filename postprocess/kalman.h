/* postprocess/kalman.h: where a box is and where it goes, from boxes that tremble. Inside postprocess/ only.
 *
 * The filter of SORT (Bewley et al., "Simple online and realtime tracking", ICIP 2016) on centre, width and
 * height (width instead of the aspect after Aharon et al., "BoT-SORT", 2022, whose wide boxes follow better),
 * with the noise of ByteTrack (Zhang et al., ECCV 2022), which grows with the thing's size. Noise and
 * transitions don't mix the four, so that their filter of eight numbers is four of two.
 *
 * Speeds are per second. Between frames place and speed wander (white noise on both, integrated over the time
 * that passed), so that a long step is the same as two short ones: a frame that was dropped changes nothing.
 */
#pragma once

/* One number that moves, with the covariance of what is known of it. */
struct kalman_axis {
    double place, speed;
    double place_variance, covariance, speed_variance;
};

struct kalman_box {
    struct kalman_axis x, y, width, height; /* of the centre; pixels */
};

struct kalman_corners {
    double x1, y1, x2, y2;
};

/* Begins with a box of width and height > 0 that stands still, as far as is known. */
void kalman_begin(struct kalman_box *box, const struct kalman_corners *seen);

/* `seconds` (>= 0) later. */
void kalman_predict(struct kalman_box *box, double seconds);

/* Takes in what was seen now. */
void kalman_correct(struct kalman_box *box, const struct kalman_corners *seen);

/* Stops growing or shrinking: of a thing that nobody sees the size would run away. */
void kalman_hold_size(struct kalman_box *box);

/* Where it is; width and height at least a pixel. */
struct kalman_corners kalman_corners(const struct kalman_box *box);
