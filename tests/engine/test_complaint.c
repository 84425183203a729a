/* OpenCV's texts, as OpenCV 4.6.0 and 4.10.0 throw them, and what besra says instead. */
#include "engine/complaint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NODE(op, name) "> Node [" op "]:(" name ") parse error: "

static void test_known_texts_become_sentences(void **state)
{
    static const struct {
        const char *text, *node, *op, *reason;
    } cases[] = {
        {NODE("Resize@ai.onnx",
              "onnx_node!/Resize") "OpenCV(4.6.0) ./modules/dnn/src/layers/resize_layer.cpp:48: error: "
                                   "(-2:Unspecified error) in function "
                                   "'cv::dnn::ResizeLayerImpl::ResizeLayerImpl(const "
                                   "cv::dnn::dnn4_v20220524::LayerParams&)'\n> > :\n> >     "
                                   "'interpolation == \"nearest\" || interpolation == \"bilinear\"'\n> > "
                                   "where\n> >     'interpolation' is cubic\n> ",
         "/Resize", "Resize", "mode cubic is not supported"},
        {NODE("MyAdd@custom",
              "onnx_node_output_0!y") "OpenCV(4.6.0) ./modules/dnn/src/layer_internals.hpp:110: error: "
                                      "(-2:Unspecified error) Can't create layer "
                                      "\"onnx_node_output_0!y\" of type \"custom.MyAdd\" in function "
                                      "'getLayerInstance'\n> ",
         "y", "custom.MyAdd", "this operator is unknown to it"},
        {NODE("Shape@ai.onnx",
              "onnx_node!/model.24/Shape") "OpenCV(4.6.0) ./modules/dnn/src/onnx/onnx_importer.cpp:2846: "
                                           "error: (-215:Assertion failed) "
                                           "!isDynamicShape in function 'parseShape'\n> ",
         "/model.24/Shape", "Shape",
         "it needs shapes that are fixed in the model, here they depend on the input"},
        {NODE("DequantizeLinear@ai.onnx",
              "onnx_node!b") "OpenCV(4.6.0) ./modules/dnn/src/int8layers/quantization_utils.cpp:103: error: "
                             "(-215:Assertion failed) "
                             "inputs.size() == 1 in function 'getMemoryShapes'\n> ",
         "b", "DequantizeLinear", "it asks that inputs.size() == 1"},
        {"Unsupported data type: FLOAT16", "", "",
         "its weights are 16-bit floats (FLOAT16), which are not supported"},
        {"Number of input channels should be multiple of 3 but got 4", "", "",
         "Number of input channels should be multiple of 3 but got 4"},
        {"> in function 'forward'\n>     'a' is 3\n> must be equal to\n>     'b' is 4\n", "", "",
         "'a' is 3 must be equal to 'b' is 4"},
        {"", "", "", ""},
        {"Node [", "", "", "Node ["},
        {"Node [X@", "", "", "Node [X@"},
        {"Node []:() parse error: ", "", "", ""},
        {"evil\x1b[31m\ttext", "", "", "evil?[31m text"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct complaint said;
        complaint_read(&said, cases[i].text);
        assert_string_equal(said.node, cases[i].node);
        assert_string_equal(said.op, cases[i].op);
        assert_string_equal(said.reason, cases[i].reason);
    }
}

static void test_long_texts_are_cut(void **state)
{
    static char      text[4096], long_node[4096];
    struct complaint said;

    (void)state;
    memset(text, 'n', sizeof text - 1); /* and a zero at the end */
    complaint_read(&said, text);
    assert_true(strlen(said.reason) < sizeof said.reason);
    assert_string_equal(said.reason + strlen(said.reason) - 3, "...");

    snprintf(long_node, sizeof long_node, "Node [op@some.domain]:(%.3000s) parse error: x", text);
    complaint_read(&said, long_node);
    assert_string_equal(said.op, "some.domain.op");
    assert_string_equal(said.node + strlen(said.node) - 3, "...");
    assert_string_equal(said.reason, "x");
}

static void test_layers_have_the_names_of_their_nodes(void **state)
{
    (void)state;
    assert_string_equal(complaint_node_name("onnx_node!/conv"), "/conv");
    assert_string_equal(complaint_node_name("onnx_node_output_0!y"), "y");
    assert_string_equal(complaint_node_name("wow!"), "wow!");
    assert_string_equal(complaint_node_name(""), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_texts_become_sentences),
        cmocka_unit_test(test_long_texts_are_cut),
        cmocka_unit_test(test_layers_have_the_names_of_their_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
