# Our presets make warnings errors (CMAKE_COMPILE_WARNING_AS_ERROR); packagers' compilers may know more of them. Sanitizers go
# into everything or nothing. (missing-field-initializers: designated initializers name what matters and leave the rest at
# its default, which is zero in all structures of the format.)
add_library(btrkit_options INTERFACE)
target_compile_options(btrkit_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
  -Wconversion -Wno-sign-conversion -Wimplicit-fallthrough -Wno-missing-field-initializers)
# g++ stores two words and loads them at once as a vector, for which the processor must wait: without that the user time
# of a check of a million files is 6 % less (2026-11-30, g++ 12).
add_compile_options($<$<CXX_COMPILER_ID:GNU>:-fno-tree-slp-vectorize>)
if(BTRKIT_SANITIZE)
  add_compile_options(-fsanitize=${BTRKIT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  # What the address sanitizer finds as well, by a fault where it happens; they are an eighth of the time of compiling.
  add_compile_options($<$<CXX_COMPILER_ID:Clang>:-fno-sanitize=null,object-size,vptr>)
  add_link_options(-fsanitize=${BTRKIT_SANITIZE})
endif()
if(BTRKIT_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
# Most files begin with the same few headers, and reading those takes longer than the rest: precompiled, once for all
# targets with the same options. Off unless asked for, for ccache wants to be told of it.
option(BTRKIT_PRECOMPILED_HEADERS "Precompile the headers of the standard library, fmt, CLI11 and nlohmann-json" OFF)
# btrkit_precompile(NAME LINK libraries... HEADERS headers...): what targets reuse by btrkit_reuse(target NAME).
function(btrkit_precompile name)
  cmake_parse_arguments(headers "" "" "LINK;HEADERS" ${ARGN})
  if(BTRKIT_PRECOMPILED_HEADERS)
    file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/${name}.cpp CONTENT "// The headers alone.\n")
    add_library(${name} OBJECT ${PROJECT_BINARY_DIR}/${name}.cpp)
    target_link_libraries(${name} PRIVATE ${headers_LINK})
    target_precompile_headers(${name} PRIVATE ${headers_HEADERS})
  endif()
endfunction()
function(btrkit_reuse target name)
  if(BTRKIT_PRECOMPILED_HEADERS)
    target_precompile_headers(${target} REUSE_FROM ${name})
  endif()
endfunction()
# g++ warns of types with members of an anonymous namespace where the file is included, as all are in unity builds.
if(CMAKE_UNITY_BUILD)
  target_compile_options(btrkit_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()

set(btrkit_common_headers <algorithm> <array> <expected> <functional> <map> <memory> <optional> <ranges> <span> <string>
    <string_view> <variant> <vector> <fmt/format.h>)
find_package(fmt REQUIRED)
btrkit_precompile(btrkit_headers LINK btrkit_options fmt::fmt HEADERS ${btrkit_common_headers})
