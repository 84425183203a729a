# The target `lint`: clang-format and clang-tidy on every source, a stamp each, so that only what changed is looked at.
# Of clang 14: later versions format and analyse in other ways, and the sources can only please one.
find_program(CLANG_FORMAT clang-format-14)
find_program(CLANG_TIDY clang-tidy-14)
add_custom_target(lint)
if(NOT CLANG_FORMAT OR NOT CLANG_TIDY)
  add_custom_command(TARGET lint POST_BUILD
    COMMAND ${CMAKE_COMMAND} -E echo "lint SKIPPED: clang-format-14 or clang-tidy-14 is not installed")
  return()
endif()

set(stamps ${PROJECT_BINARY_DIR}/lint)
file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
  app/*.h base/*.h config/*.h engine/*.h include/*.h media/*.h onnx/*.h operators/*.h pipeline/*.h postprocess/*.h preprocess/*.h)
file(GLOB_RECURSE sources CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
  app/*.c base/*.c config/*.c engine/*.c engine/*.cpp media/*.c media/*.cpp onnx/*.c operators/*.c pipeline/*.c postprocess/*.c
  preprocess/*.c)
file(GLOB_RECURSE others CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
  tests/*.c tests/*.h tests/*.cpp bench/*.c bench/*.cpp bench/*.h docs/*.c)

function(besra_lint_stamp tool file command)
  string(MAKE_C_IDENTIFIER ${file} id)
  add_custom_command(OUTPUT ${stamps}/${id}.${tool}
    COMMAND ${command} ${ARGN} ${PROJECT_SOURCE_DIR}/${file}
    COMMAND ${CMAKE_COMMAND} -E touch ${stamps}/${id}.${tool}
    DEPENDS ${PROJECT_SOURCE_DIR}/${file} ${PROJECT_SOURCE_DIR}/.clang-${tool}
    COMMENT "clang-${tool} ${file}" VERBATIM)
  set_property(TARGET lint APPEND PROPERTY BESRA_STAMPS ${stamps}/${id}.${tool})
endfunction()

file(MAKE_DIRECTORY ${stamps})
foreach(file ${headers} ${sources} ${others})
  besra_lint_stamp(format ${file} ${CLANG_FORMAT} --dry-run --Werror)
endforeach()
foreach(file ${sources})
  # The analysis doesn't need the flags of other compilers, nor the sanitizers. A third of the usual nodes of paths in
  # a function: half the time, and the same findings here.
  besra_lint_stamp(tidy ${file} ${CLANG_TIDY} --quiet -p ${PROJECT_BINARY_DIR}
                   --extra-arg=-Wno-unknown-warning-option
                   --extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang --extra-arg=max-nodes=75000)
endforeach()
get_target_property(all_stamps lint BESRA_STAMPS)
add_custom_target(lint_stamps DEPENDS ${all_stamps})
add_dependencies(lint_stamps besra_all) # generated headers
add_dependencies(lint lint_stamps)
