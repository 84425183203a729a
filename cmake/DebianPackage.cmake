# besra_package_of(OUT FALLBACK LIBRARY...): the installed Debian package that holds a library, for the sentence that says
# what is missing. Distributions give one library different names (libmicrohttpd12, libmicrohttpd12t64), so dpkg is asked;
# without it, or without the library, the name is FALLBACK: the package that the library is built with.
find_program(DPKG_QUERY dpkg-query)
mark_as_advanced(DPKG_QUERY)

function(besra_package_of out fallback)
  set(${out} ${fallback} PARENT_SCOPE)
  list(POP_FRONT ARGN library)
  if(NOT DPKG_QUERY OR NOT EXISTS "${library}")
    return()
  endif()
  file(REAL_PATH ${library} library)
  execute_process(COMMAND ${DPKG_QUERY} --search ${library} OUTPUT_VARIABLE found ERROR_QUIET)
  if(found MATCHES "^([a-z0-9.+-]+)(:[a-z0-9]+)?: ")
    set(${out} ${CMAKE_MATCH_1} PARENT_SCOPE)
  endif()
endfunction()
