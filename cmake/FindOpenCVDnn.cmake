# OpenCV's dnn module, without the package that brings all of OpenCV (libopencv-dev has OpenCVConfig.cmake and hundreds
# of dependencies; libopencv-dnn-dev has neither). Defines the targets OpenCV::dnn and, where it is installed,
# OpenCV::imgcodecs and OpenCV::videoio. Sets OpenCVDnn_VERSION.
find_path(OpenCVDnn_INCLUDE_DIR opencv2/dnn.hpp PATH_SUFFIXES opencv4)
foreach(module core imgproc dnn imgcodecs videoio)
  find_library(OpenCVDnn_${module}_LIBRARY opencv_${module})
endforeach()

if(OpenCVDnn_INCLUDE_DIR)
  file(STRINGS ${OpenCVDnn_INCLUDE_DIR}/opencv2/core/version.hpp lines REGEX "define CV_VERSION_(MAJOR|MINOR|REVISION)")
  string(REGEX REPLACE "[^0-9]+([0-9]+)[^0-9]+([0-9]+)[^0-9]+([0-9]+).*" "\\1.\\2.\\3" OpenCVDnn_VERSION "${lines}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OpenCVDnn
  REQUIRED_VARS OpenCVDnn_dnn_LIBRARY OpenCVDnn_core_LIBRARY OpenCVDnn_INCLUDE_DIR
  VERSION_VAR OpenCVDnn_VERSION)

function(besra_opencv_target module)
  if(NOT TARGET OpenCV::${module} AND OpenCVDnn_${module}_LIBRARY)
    add_library(OpenCV::${module} UNKNOWN IMPORTED)
    set_target_properties(OpenCV::${module} PROPERTIES
      IMPORTED_LOCATION ${OpenCVDnn_${module}_LIBRARY}
      INTERFACE_INCLUDE_DIRECTORIES ${OpenCVDnn_INCLUDE_DIR}
      INTERFACE_LINK_LIBRARIES "${ARGN}")
  endif()
endfunction()
if(OpenCVDnn_FOUND)
  besra_opencv_target(core)
  besra_opencv_target(dnn OpenCV::core)
  if(EXISTS ${OpenCVDnn_INCLUDE_DIR}/opencv2/imgcodecs.hpp)
    besra_opencv_target(imgcodecs OpenCV::core)
  endif()
  if(EXISTS ${OpenCVDnn_INCLUDE_DIR}/opencv2/videoio.hpp)
    besra_opencv_target(videoio OpenCV::core)
  endif()
endif()
