# besra_room(NAME SOURCES a.c b.c [AVX2 c_avx2.c] [AVX512 c_avx512.c] [NEON a.c] [FUSED ...] [LIBRARIES PkgConfig::X ...])
# One room of the house: an object library besra_NAME. Its vector twins are compiled with flags of their own.
# SIMD files are listed on every processor; on others than x86-64 they are left out. In files that are named after FUSED,
# too, the compiler may join a product and a sum, and vectors of any width are passed among their own functions. NEON names
# the SOURCES whose loops fill the registers on ARM64.
function(besra_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;AVX2;AVX512;NEON;FUSED;LIBRARIES" ${ARGN})
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    set_source_files_properties(${ROOM_AVX2} PROPERTIES COMPILE_OPTIONS "-mavx2;-mfma;-mf16c")
    set_source_files_properties(${ROOM_AVX512} PROPERTIES COMPILE_OPTIONS
      "-mavx512f;-mavx512bw;-mavx512dq;-mavx512vl;-mfma;-mf16c;-mprefer-vector-width=512")
    list(APPEND ROOM_SOURCES ${ROOM_AVX2} ${ROOM_AVX512})
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64" AND CMAKE_C_COMPILER_ID STREQUAL "GNU" AND ROOM_NEON)
    # GCC 12 moves loads ahead until sums no longer fit the registers, and keeps those on the stack.
    set_property(SOURCE ${ROOM_NEON} APPEND PROPERTY COMPILE_OPTIONS "-fno-schedule-insns")
  endif()
  set_property(SOURCE ${ROOM_FUSED} APPEND PROPERTY COMPILE_OPTIONS "-ffp-contract=fast;-Wno-psabi")
  add_library(besra_${name} OBJECT ${ROOM_SOURCES})
  target_include_directories(besra_${name} PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(besra_${name} PUBLIC ${ROOM_LIBRARIES})
  if(BESRA_SANITIZE AND name MATCHES "^(kernels|srcnn)$")
    target_compile_options(besra_${name} PRIVATE -O2) # -O1, with the checks, takes 45 times as long as without
  endif()
  set_property(GLOBAL APPEND PROPERTY BESRA_ROOMS besra_${name})
endfunction()

# All rooms together: besra_all (static: the program, the tests) and libbesra.so (the public functions).
function(besra_library)
  get_property(rooms GLOBAL PROPERTY BESRA_ROOMS)
  add_library(besra_all STATIC)
  add_library(besra_shared SHARED)
  foreach(library besra_all besra_shared)
    target_link_libraries(${library} PUBLIC ${rooms} Threads::Threads m ${CMAKE_DL_LIBS})
  endforeach()
  set_target_properties(besra_all besra_shared PROPERTIES LINKER_LANGUAGE CXX)
  set_target_properties(besra_shared PROPERTIES OUTPUT_NAME besra VERSION ${PROJECT_VERSION}
                        SOVERSION ${PROJECT_VERSION_MAJOR})
endfunction()
