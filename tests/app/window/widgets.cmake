# Widgets and screens without a display: events in, paint lists out.
if(NOT TARGET besra_window)
  return()
endif()
foreach(name test_theme test_canvas test_widgets)
  besra_test(${name} SOURCES ${CMAKE_CURRENT_LIST_DIR}/${name}.c ${CMAKE_CURRENT_LIST_DIR}/hand.c
             ROOMS widgets window media base)
endforeach()
