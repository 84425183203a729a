/* Operators on signals, boxes and grids: results, refusals, no memory, mutations.
 * The numbers are what the expression beside them gave in NumPy 1.24 or PyTorch 1.13, where x, y, z and w are
 * the inputs in their order, F is torch.nn.functional and t(x) torch.tensor(x); or by hand, as it says. */
#include "tests/operators/case_checks.h"

#include <stdarg.h>

#include <setjmp.h>

#include <cmocka.h>

/* clang-format off */
static const struct operator_case rows[] = {
    {"Col2Im", 18, "", "f32[1,4,4] 0..; i64[2] 3 3; i64[2] 2 2", "f32[1,1,3,3] 0 5 5 10 30 20 10 25 15", "F.fold(t(x), (3, 3), (2, 2))"},
    {"Col2Im", 18, "strides=[2,1] pads=[1,0,0,1] dilations=[1,2]", "f32[1,4,4] 0..; i64[2] 3 3; i64[2] 2 2", "f32[1,1,3,3] 8 9 12 2 3 6 10 11 14", "F.fold(t(x), (4, 4), (2, 2), (1, 2), 0, (2, 1))[:, :, 1:, :3]"},
    {"Col2Im", 18, "", "f32[1,4,3] 0..; i64[2] 3 3; i64[2] 2 2", "! 1x4x3 is not [N][channels * 4][4]", ""},
    {"Col2Im", 18, "", "f32[1,4,4] 0..; i64[2] 3 3; i64[2] 4 1", "! a block of 4 is larger than the image of 3", ""},
    {"Col2Im", 18, "strides=[0,1]", "f32[1,4,4] 0..; i64[2] 3 3; i64[2] 2 2", "! strides has 0 in it", ""},
    {"NonMaxSuppression", 11, "", "f32[1,4,4] 0 0 10 10 0 1 10 11 20 20 30 30 0 0 10 5; f32[1,1,4] 0.5 0.9 0.3 0.6; i64[1] 9; f32[1] 0.5; f32[1] 0.4", "i64[2,3] 0 0 1 0 0 3", "by hand: 1 overlaps 0 by 9/11 and 3 by 4/11; 2 scores too little"},
    {"NonMaxSuppression", 11, "", "f32[1,4,4] 0 0 10 10 0 1 10 11 20 20 30 30 0 0 10 5; f32[1,1,4] 0.5 0.9 0.3 0.6; i64[1] 9; f32[1] 0.3", "i64[2,3] 0 0 1 0 0 2", "by hand: 1 overlaps 0 by 9/11 and 3 by 4/11"},
    {"NonMaxSuppression", 11, "", "f32[1,4,4] 0 0 10 10 0 1 10 11 20 20 30 30 0 0 10 5; f32[1,1,4] 0.5 0.9 0.3 0.6; i64[1] 1; f32[1] 0.5", "i64[1,3] 0 0 1", "by hand"},
    {"NonMaxSuppression", 11, "", "f32[1,4,4] 0 0 10 10 0 1 10 11 20 20 30 30 0 0 10 5; f32[1,1,4] 0.5 0.9 0.3 0.6", "i64[0,3]", "np.zeros((0, 3), i64)"},
    {"NonMaxSuppression", 11, "center_point_box=1", "f32[1,2,4] 5 5 10 10 5 6 10 10; f32[1,2,2] 0.5 0.9 0.8 0.7; i64[] 9; f32[] 0.5", "i64[2,3] 0 0 1 0 1 0", "by hand: the boxes overlap by 9/11"},
    {"NonMaxSuppression", 11, "", "f32[1,1,4] 0..; f32[1,1,1] nan; i64[] 9", "i64[0,3]", "np.zeros((0, 3), i64)"},
    {"NonMaxSuppression", 11, "", "f32[1,2,4] 0..; f32[1,1,1] 1; i64[] 9", "! boxes of 1x2x4 and scores of 1x1x1", ""},
    {"NonMaxSuppression", 11, "", "f32[1,4,4] 0 0 10 10 0 1 10 11 20 20 30 30 0 0 10 5; f32[1,1,4] 0.5 0.9 0.3 0.6; i64[1] 9; f32[1] 1.5", "! its IoU threshold is 1.5", ""},
    {"AffineGrid", 20, "", "f32[1,2,3] 1 0.5 0 0 2 -1; i64[4] 1 1 2 3", "f32[1,2,3,2] -0.9166667 -2 -0.25 -2 0.4166667 -2 -0.4166667 0 0.25 0 0.9166667 0", "F.affine_grid(t(x), list(y), align_corners=False)"},
    {"AffineGrid", 20, "align_corners=1", "f32[1,3,4] 1 0 0 0 0 1 0.5 0 0 0 1 2; i64[5] 1 1 2 1 2", "f32[1,2,1,2,3] -1 -0.5 1 1 -0.5 1 -1 0.5 3 1 0.5 3", "F.affine_grid(t(x), list(y), align_corners=True)"},
    {"AffineGrid", 20, "", "f32[1,2,3] 0..; i64[5] 1 1 2 3 4", "! a map of 1x2x3 does not fit", ""},
    {"AffineGrid", 20, "", "f32[1,2,3] 0..; i64[4] 1 1 -2 3", "! would be -2", ""},
    {"Einsum", 12, "equation=ij,jk->ik", "f32[2,3] 0..; f32[3,2] 0..", "f32[2,2] 10 13 28 40", "np.einsum('ij,jk->ik', x, y)"},
    {"Einsum", 12, "equation=bij,bjk", "i64[1,2,3] 0..; i64[1,3,1] 0..", "i64[2,1] 5 14", "np.einsum('bij,bjk', x, y)"},
    {"Einsum", 12, "equation=...ii->...i", "f64[2,2,2] 0..", "f64[2,2] 0 3 4 7", "np.einsum('...ii->...i', x)"},
    {"Einsum", 12, "equation=...ij,...jk->...ik", "f32[2,1,1,2] 0..; f32[3,2,1] 0..", "f32[2,3,1,1] 1 3 5 3 13 23", "np.einsum('...ij,...jk->...ik', x, y)"},
    {"Einsum", 12, "equation=ii", "f32[3,3] 0..", "f32[] 12", "np.einsum('ii', x)"},
    {"Einsum", 12, "equation=i,j,i->j", "f32[2] 1 2; f32[3] 0..; f32[2] 3 4", "f32[3] 0 11 22", "np.einsum('i,j,i->j', x, y, z)"},
    {"Einsum", 12, "equation=ba", "f32[2,3] 0..", "f32[3,2] 0 3 1 4 2 5", "np.einsum('ba', x)"},
    {"Einsum", 12, "equation=ij->j", "f16[0,2]", "f16[2] 0 0", "np.einsum('ij->j', x)"},
    {"Einsum", 12, "equation=abb->", "f32[0,4294967296,4294967296]", "f32[] 0", "a sum of nothing"},
    {"Einsum", 12, "equation=ij->ijj", "f32[2,3] 0..", "! in no input, or there twice", ""},
    {"Einsum", 12, "equation=ij->k", "f32[2,3] 0..", "! in no input, or there twice", ""},
    {"Einsum", 12, "equation=ij,jk", "f32[2,3] 0..", "! more terms than it has inputs", ""},
    {"Einsum", 12, "equation=ij", "f32[2,3] 0..; f32[2,3] 0..", "! fewer terms than it has inputs", ""},
    {"Einsum", 12, "equation=ij,jk->ik", "f32[2,3] 0..; f32[2,3] 0..", "! has the sides 3 and 2", ""},
    {"Einsum", 12, "equation=i1", "f32[2,3] 0..", "! can't be read from \"1\"", ""},
    {"Einsum", 12, "equation=ijk", "f32[2,3] 0..", "! a term of its equation has 3 axes", ""},
    {"Einsum", 12, "equation=ij->ij->i", "f32[2,3] 0..", "! goes on behind the result", ""},
    {"RotaryEmbedding", 23, "", "f32[1,1,2,4] 0..; f32[3,2] 1 0 0.6 0.8 0 1; f32[3,2] 0 1 0.8 0.6 1 0; i64[1,2] 1 2", "f32[1,1,2,4] -1.6 -1 1.2 3 -6 5 4 7", "np.concatenate([y[w] * x[0][..., :2] - z[w] * x[0][..., 2:], z[w] * x[0][..., :2] + y[w] * x[0][..., 2:]], -1)[None]"},
    {"RotaryEmbedding", 23, "interleaved=1 num_heads=2 rotary_embedding_dim=2", "f32[1,1,6] 0..; f32[1,1,1] 0.6; f32[1,1,1] 0.8", "f32[1,1,6] -0.8 0.6 2 -1.4 4.8 5", "np.array([[[-.8, .6, 2, 3 * .6 - 4 * .8, 3 * .8 + 4 * .6, 5]]], f32)"},
    {"RotaryEmbedding", 23, "", "f32[1,1,2,4] 0..; f32[3,2] 0..; f32[3,2] 0..; i64[1,2] 1 3", "! index 3 is outside of an axis of 3", ""},
    {"RotaryEmbedding", 23, "", "f32[1,2,4] 0..; f32[1,2,2] 0..; f32[1,2,2] 0..", "! 1x2x4 can't be cut into 0 heads", ""},
    {"RotaryEmbedding", 23, "rotary_embedding_dim=6", "f32[1,1,2,4] 0..; f32[1,2,3] 0..; f32[1,2,3] 0..", "! 6 of a head of 4 numbers", ""},
    {"HannWindow", 17, "", "i64[] 5", "f32[5] 0 0.3454915 0.9045085 0.9045085 0.3454914", "torch.hann_window(5)"},
    {"HannWindow", 17, "periodic=0 output_datatype=11", "i32[] 4", "f64[4] 0 0.75 0.75 0", "torch.hann_window(4, False, dtype=torch.float64)"},
    {"HammingWindow", 17, "", "i64[] 4", "f32[4] 0.0869565 0.5434783 1 0.5434783", "torch.hamming_window(4, True, 25 / 46, 21 / 46)"},
    {"BlackmanWindow", 17, "periodic=0", "i64[] 5", "f32[5] -2.980232e-08 0.34 1 0.34 -2.980232e-08", "torch.blackman_window(5, False)"},
    {"BlackmanWindow", 17, "periodic=0", "i64[] 1", "f32[1] 1", "torch.blackman_window(1, False)"},
    {"HannWindow", 17, "", "i64[] -1", "! would be -1", ""},
    {"HannWindow", 17, "output_datatype=8", "i64[] 4", "! its output_datatype is 8", ""},
    {"MelWeightMatrix", 17, "", "i64[] 2; i64[] 16; i64[] 8000; f32[] 0; f32[] 4000", "f32[9,2] 1 0 0.5 0.5 0 1 0 0.5 0 0 0 0 0 0 0 0 0 0", "by hand: edges at 0, 427, 1114 and 2220 Hz, rows 0, 0, 2 and 4"},
    {"MelWeightMatrix", 17, "", "i64[] 2; i64[] 0; i64[] 8000; f32[] 0; f32[] 4000", "! are impossible", ""},
    {"DFT", 17, "", "f32[1,4,1] 1 2 3 5", "f32[1,4,2] 11 0 -2 3 -3 0 -2 -3", "np.stack([np.fft.fft(x[:, :, 0]).real, np.fft.fft(x[:, :, 0]).imag], -1).astype(f32)"},
    {"DFT", 17, "onesided=1", "f64[1,5,1] 1 2 3 5 8", "f64[1,3,2] 19 0 -2.381966 6.88191 -4.618034 1.624598", "np.stack([np.fft.rfft(x[:, :, 0]).real, np.fft.rfft(x[:, :, 0]).imag], -1)"},
    {"DFT", 20, "inverse=1", "f32[3,2] 1 2 3 5 8 13", "f32[3,2] 4 6.666667 0.8094011 -3.776709 -3.809401 -0.8899577", "np.stack([np.fft.ifft(x[:, 0] + 1j * x[:, 1]).real, np.fft.ifft(x[:, 0] + 1j * x[:, 1]).imag], -1).astype(f32)"},
    {"DFT", 20, "", "f32[2,3,1] 1 2 3 5 8 13; i64[] 4; i64[] 0", "f32[4,3,2] 6 0 10 0 16 0 1 -5 2 -8 3 -13 -4 0 -6 0 -10 0 1 5 2 8 3 13", "np.stack([np.fft.fft(x[..., 0], 4, 0).real, np.fft.fft(x[..., 0], 4, 0).imag], -1).astype(f32)"},
    {"DFT", 20, "inverse=1 onesided=1", "f32[3,2] 1 0 3 5 8 0; i64[] 5", "f32[5,1] 4.6 -3.920147 -0.9575365 1.393605 -0.115921", "np.fft.irfft(x[:, 0] + 1j * x[:, 1], 5)[:, None].astype(f32)"},
    {"DFT", 20, "", "f32[7,1] 1 -2 3 5 -8 13 1; i64[] 6", "f32[6,2] 12 0 4 3.464102 3 22.51666 -20 0 3 -22.51666 4 -3.464102", "np.stack([np.fft.fft(x[:, 0], 6).real, np.fft.fft(x[:, 0], 6).imag], -1).astype(f32)"},
    {"DFT", 17, "axis=2", "f32[1,4,1] 1 2 3 5", "! axis 2 of 1x4x1 holds no signal", ""},
    {"DFT", 17, "", "i32[1,4,1] 1 2 3 5", "! i32", ""},
    {"DFT", 17, "onesided=1", "f32[1,4,2] 0..", "! one side of the spectrum of 1x4x2 can't be made", ""},
    {"DFT", 17, "", "f32[1,4,1] 1 2 3 5; i64[] 0", "! a transform of 0 numbers", ""},
    {"STFT", 17, "", "f32[1,6,1] 1 2 3 5 8 13; i64[] 2; f32[4] 0.5 1 1 0.5", "f32[1,2,3,2] 8 0 -2.5 0.5 -1 0 21 0 -6.5 1.5 -2 0", "torch.view_as_real(torch.stft(t(x[..., 0]), 4, 2, window=t(z), center=False, return_complex=True)).transpose(1, 2)"},
    {"STFT", 17, "onesided=0", "f32[1,4,2] 0..; i64[] 1; -; i64[] 3", "f32[1,2,3,2] 6 9 -4.732051 -1.267949 -1.267949 -4.732051 12 15 -4.732051 -1.267949 -1.267949 -4.732051", "np.stack([np.array([np.fft.fft((x[0, i:i + 3, 0] + 1j * x[0, i:i + 3, 1])) for i in (0, 1)]).real, np.array([np.fft.fft((x[0, i:i + 3, 0] + 1j * x[0, i:i + 3, 1])) for i in (0, 1)]).imag], -1)[None].astype(f32)"},
    {"STFT", 17, "", "f32[1,4,1] 0..; i64[] 0; -; i64[] 3", "! frames of 3, 0 apart", ""},
    {"STFT", 17, "", "f32[1,4,1] 0..; i64[] 1; -; i64[] 5", "! frames of 5, 1 apart", ""},
    {"STFT", 17, "", "f32[1,4,2] 0..; i64[] 1; -; i64[] 3", "! 1x4x2 is not", ""},
};
/* clang-format on */

static void test_results_are_numpys_and_nonsense_is_refused(void **state)
{
    (void)state;
    check_results(CASES(rows));
}

static void test_shapes_are_known_early_or_need_values(void **state)
{
    (void)state;
    check_shapes_without_values(CASES(rows));
}

static void test_no_memory_is_an_error(void **state)
{
    (void)state;
    check_starved(CASES(rows));
}

static void test_mutated_calls_are_refused_or_run(void **state)
{
    (void)state;
    check_mutated(CASES(rows), 4000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results_are_numpys_and_nonsense_is_refused),
        cmocka_unit_test(test_shapes_are_known_early_or_need_values),
        cmocka_unit_test(test_no_memory_is_an_error),
        cmocka_unit_test(test_mutated_calls_are_refused_or_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
