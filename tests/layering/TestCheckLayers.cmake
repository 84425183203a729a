# A copy of the headers with `base` including `media` must be refused, and named.
cmake_minimum_required(VERSION 3.22)
file(REMOVE_RECURSE ${SCRATCH})
foreach(room base media preprocess operators onnx engine postprocess config pipeline app)
  file(COPY ${ROOT}/${room} DESTINATION ${SCRATCH} FILES_MATCHING PATTERN "*.h" PATTERN "*.c")
endforeach()
file(WRITE ${SCRATCH}/base/wrong.h "#include \"media/picture.h\"\n")
execute_process(COMMAND ${CMAKE_COMMAND} -DROOT=${SCRATCH} -P ${CMAKE_CURRENT_LIST_DIR}/CheckLayers.cmake
  RESULT_VARIABLE result ERROR_VARIABLE text)
if(result EQUAL 0 OR NOT text MATCHES "base/wrong.h includes media/picture.h")
  message(FATAL_ERROR "the wrong arrow was not found: ${result} ${text}")
endif()
