# What `cmake --install` puts where: each tool beside its man page, and what the pages refer to.
# A tool is installed if it has a page: docs/man/TOOL.1 is of the executable TOOL.
file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/*.1)
foreach(page IN LISTS pages)
  get_filename_component(tool ${page} NAME_WE)
  if(BUILD_SHARED_LIBS)
    file(RELATIVE_PATH libraries ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR}/btrkit)
    set_target_properties(${tool} PROPERTIES INSTALL_RPATH "$ORIGIN/${libraries}")
  endif()
  install(TARGETS ${tool} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endforeach()
install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)

file(GLOB schemas CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/json-schema-*.md)
install(DIRECTORY docs/schemas DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${schemas} docs/findings.md docs/rescue-guide.md docs/repair.md CHANGELOG.md LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
