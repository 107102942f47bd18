# btrkit_storey(NAME SOURCES ... BELOW storeys... USES libraries...)
#
# A storey of the house: a library btrkit_NAME that sees only the storeys named in BELOW, and what those see.
# The order of add_subdirectory in libfs/ is the order of the storeys, so a storey can't name one above it:
# that target does not exist yet, and this stops.
function(btrkit_storey name)
  cmake_parse_arguments(storey "" "" "SOURCES;BELOW;USES" ${ARGN})
  add_library(btrkit_${name} ${storey_SOURCES})
  foreach(below IN LISTS storey_BELOW)
    if(NOT TARGET ${below})
      message(FATAL_ERROR "storey ${name} may not stand on ${below}, which is above it")
    endif()
  endforeach()
  target_link_libraries(btrkit_${name} PUBLIC ${storey_BELOW} ${storey_USES} PRIVATE btrkit_options)
endfunction()
