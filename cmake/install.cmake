# What `cmake --install` puts where: each tool beside its man page, and what the pages refer to.
include(GNUInstallDirs)

# A tool is installed if it has a page: docs/man/TOOL.1 is of the executable TOOL.
file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/*.1)
foreach(page IN LISTS pages)
  get_filename_component(tool ${page} NAME_WE)
  install(TARGETS ${tool} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endforeach()
install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)

file(GLOB schemas CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/json-schema-*.md)
install(FILES ${schemas} docs/findings.md CHANGELOG.md LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
