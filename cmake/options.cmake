# Warnings are errors; sanitizers go into everything or nothing. (missing-field-initializers: designated initializers
# name what matters and leave the rest at its default, which is zero in all structures of the format.)
add_library(btrkit_options INTERFACE)
target_compile_options(btrkit_options INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
  -Wconversion -Wno-sign-conversion -Wimplicit-fallthrough -Wno-missing-field-initializers)
if(BTRKIT_SANITIZE)
  add_compile_options(-fsanitize=${BTRKIT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  # What the address sanitizer finds as well, by a fault where it happens; they are an eighth of the time of compiling.
  add_compile_options($<$<CXX_COMPILER_ID:Clang>:-fno-sanitize=null,object-size,vptr>)
  add_link_options(-fsanitize=${BTRKIT_SANITIZE})
endif()
if(BTRKIT_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
# Where each file is compiled by itself, half the time goes into the same headers.
option(BTRKIT_PRECOMPILED_HEADERS "Precompile the standard library's and fmt's headers, once a target" OFF)
if(BTRKIT_PRECOMPILED_HEADERS)
  target_precompile_headers(btrkit_options INTERFACE
    <algorithm> <array> <expected> <functional> <map> <memory> <optional> <ranges> <span> <string> <string_view> <variant>
    <vector> <fmt/format.h>)
endif()
# g++ warns of types with members of an anonymous namespace where the file is included, as all are in unity builds.
if(CMAKE_UNITY_BUILD)
  target_compile_options(btrkit_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()
