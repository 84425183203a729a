/* pipeline/truth.h: what pictures really show, as others have written it down, in terms of the model's
 * classes and of the pictures at hand. */
#pragma once

#include "base/bytes.h"
#include "base/status.h"
#include "pipeline/sources.h"

struct truth_box {
    int    class_index;    /* of the model */
    double x1, y1, x2, y2; /* pixels, or parts of the picture's sides */
    double area;           /* in the same; 0: that of the box */
    bool   crowd, ignored; /* see postprocess/average_precision.h */
};

struct truth_picture {
    bool   known;         /* the truth has it */
    bool   in_parts;      /* its boxes are parts of the sides */
    int    width, height; /* as the truth says; 0: it doesn't */
    size_t first, count;  /* of the boxes */
};

/* Start with {0}; release with truth_free(). */
struct truth {
    struct truth_picture *pictures; /* [count], one a source, in their order */
    size_t                count;
    struct truth_box     *boxes;
    size_t                box_count;
};

/* The model's classes. */
struct truth_classes {
    const char *const *names; /* [count] */
    int                count;
    bool               named; /* else `names` are only numbers in words */
};

enum { TRUTH_MAX_CLASSES = 10000 };

/* Reads the truth about `sources`: a COCO .json (instances: images, annotations with bbox, iscrowd, area,
 * categories), or a folder with a file a picture, named after it, there, or in its folder labels or
 * Annotations: YOLO's .txt (class, centre, size or a polygon, as parts of the sides; names in classes.txt
 * where that is there) or PASCAL VOC's .xml (pixels counted from 1; what is difficult is ignored).
 *
 * Classes are the model's of the same name; capitals, and blanks, - and _, don't tell names apart. Where no
 * name is the same they are those of the same number, if there are no more of them than the model's. What was
 * assumed, left out or missing goes to *notes (may be NULL), a sentence a line.
 * BSR_EUSAGE (no such kind of truth; classes that aren't the model's; nothing about any source), BSR_EFORMAT
 * with file and line or place, BSR_EMISSING, BSR_EIO, BSR_ELIMIT, BSR_ENOMEM. */
bsr_status truth_read(struct truth *out, const char *path, const struct sources *sources,
                      const struct truth_classes *classes, struct bytes *notes, struct bsr_error *err);
void       truth_free(struct truth *truth);

/* Reads a table of two columns, file and class, with or without a line of titles: labels[sources->count], the
 * model's class of each source, -1 for those that aren't in it. A class is a number from 0 on or a name.
 * Quotes stand round what has commas in it. Errors as above. */
bsr_status truth_read_labels(int *labels, const char *path, const struct sources *sources,
                             const struct truth_classes *classes, struct bytes *notes, struct bsr_error *err);
