/* tests/onnx/graph_text.h: models for tests, written down as text, a line a thing:
 *
 *     opset 17                                  (13 when nothing is said)     opset my 1
 *     input x f32 2 ?                           (?: symbolic, * alone: no shape)
 *     init k i64 2 : 3 4                        (no sides: a scalar)
 *     a, _ = Dropout(x)                         (_: left out)
 *     y = my.Scale(a, k) by=2 axes=[0,1] f=0.5 fs=[1.,2.] mode='text' ref=@attribute
 *     z = If(c)                                 (its graphs follow)
 *     begin then_branch
 *         ...
 *     end
 *     output y f32 2 3
 *     function my.Scale(v, w) -> (r)            (its nodes follow)
 *         ...
 *     end
 *
 * A node is named after its first output: "/y". */
#pragma once

#include "onnx/graph.h"

/* Fails the test where the text is no model. The model went through the file format once. */
struct onnx_model *model_of_text(const char *text);

/* "f32 2 3 : 1 2 3 4 5 6"; release with tensor_free(). */
struct bsr_tensor tensor_of_text(const char *text);

/* The same as text, numbers as %g has them. Valid until four more are made. */
const char *text_of_tensor(const struct bsr_tensor *tensor);
