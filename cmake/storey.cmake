# btrkit_private_library(TARGET): with BUILD_SHARED_LIBS it is installed where only our tools look. Nobody else may link it:
# its interface is that of this version alone.
function(btrkit_private_library target)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "SHARED_LIBRARY")
    set_target_properties(${target} PROPERTIES SOVERSION ${PROJECT_VERSION} INSTALL_RPATH "$ORIGIN")
    install(TARGETS ${target} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/btrkit NAMELINK_SKIP)
  endif()
endfunction()

# btrkit_storey(NAME BELOW storeys... USES libraries...)
#
# A storey of the house: a library btrkit_NAME of all sources in the current folder, which sees only the storeys named
# in BELOW, and what those see. The order of add_subdirectory in libfs/ is the order of the storeys, so a storey can't
# name one above it: that target does not exist yet, and this stops. All share one include folder: that includes keep
# the same law is what tests/architecture looks at, from these very lists.
function(btrkit_storey name)
  cmake_parse_arguments(storey "" "" "BELOW;USES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(btrkit_${name} ${sources})
  foreach(below IN LISTS storey_BELOW)
    if(NOT TARGET ${below})
      message(FATAL_ERROR "storey ${name} may not stand on ${below}, which is above it")
    endif()
  endforeach()
  btrkit_private_library(btrkit_${name})
  target_link_libraries(btrkit_${name} PUBLIC ${storey_BELOW} ${storey_USES} PRIVATE btrkit_options)
  btrkit_reuse(btrkit_${name} btrkit_headers)
endfunction()
