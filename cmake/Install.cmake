# The library's part of an installation; the program, the models, the pages and the docs have rules in their folders.
set_property(TARGET besra_shared APPEND PROPERTY LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/besra.map)
target_link_options(besra_shared PRIVATE -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/besra.map)

# besra.pc finds its prefix from where it lies, so that an installed tree may be moved and `--prefix` works.
file(RELATIVE_PATH up ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" up ${up})
set(besra_pc_prefix "\${pcfiledir}/${up}")
configure_file(${PROJECT_SOURCE_DIR}/besra.pc.in ${PROJECT_BINARY_DIR}/besra.pc @ONLY)

install(TARGETS besra_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${PROJECT_SOURCE_DIR}/include/besra.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${PROJECT_BINARY_DIR}/besra.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
