/* tests/onnx/sample.h: the models of tests/onnx/data (made by make_models.py) for tests. */
#pragma once

#include "base/bytes.h"
#include "onnx/model.h"

/* The folder of the models. */
#define SAMPLE_FOLDER BESRA_SOURCE_DIR "/tests/onnx/data"

/* The bytes of data/NAME.onnx; fails the test where there is none. */
struct bytes sample_bytes(const char *name);

/* The model in data/NAME.onnx; fails the test where it can't be read. */
struct onnx_model *sample_read(const char *name);

/* A copy of `size` bytes in a block of exactly that size, so that a sanitizer sees every step beyond it. */
uint8_t *exact_copy(const void *data, size_t size);

/* A reproducible stream of numbers (xorshift64*). */
uint64_t next_random(uint64_t *state);

/* Spoils data[size] (size >= 1) in one of several ways: flipped bits, set bytes, moved and repeated parts,
 * cut ends. Returns the new size, at most `size`. */
size_t mutate(uint8_t *data, size_t size, uint64_t *state);

/* Gives the fuzz target that this test is linked with a copy of data[size] that one to `most` mutations have
 * spoilt, in a block of exactly its size. */
void run_mutations(const void *data, size_t size, int most, uint64_t *state);
