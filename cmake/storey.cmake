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
  target_link_libraries(btrkit_${name} PUBLIC ${storey_BELOW} ${storey_USES} PRIVATE btrkit_options)
endfunction()
