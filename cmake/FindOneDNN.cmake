# OneDNN_FOUND and the target OneDNN::OneDNN. The package's own configuration asks for OpenCL's development files, which
# besra does not need; and the C compiler's OpenMP may be another than the one that oneDNN runs on.
find_path(OneDNN_INCLUDE_DIR oneapi/dnnl/dnnl.h)
find_library(OneDNN_LIBRARY dnnl)
find_library(OneDNN_OPENMP NAMES libgomp.so.1)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OneDNN REQUIRED_VARS OneDNN_LIBRARY OneDNN_INCLUDE_DIR OneDNN_OPENMP)
mark_as_advanced(OneDNN_LIBRARY OneDNN_INCLUDE_DIR OneDNN_OPENMP)
if(OneDNN_FOUND AND NOT TARGET OneDNN::OneDNN)
  add_library(OneDNN::OneDNN INTERFACE IMPORTED)
  target_include_directories(OneDNN::OneDNN INTERFACE ${OneDNN_INCLUDE_DIR})
  target_link_libraries(OneDNN::OneDNN INTERFACE ${OneDNN_LIBRARY} ${OneDNN_OPENMP})
endif()
