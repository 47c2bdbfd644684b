# Warnings are errors only when headroom is the project being built, never for one that includes it.
add_library(headroom_warnings INTERFACE)
target_compile_options(headroom_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wold-style-cast -Wcast-align -Wnull-dereference -Wdouble-promotion)
# GCC 12 reports false positives of these inside the standard library and tl::expected under -O2.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(headroom_warnings INTERFACE
    -Wno-null-dereference -Wno-maybe-uninitialized -Wno-restrict -Wno-dangling-pointer)
endif()
if(PROJECT_IS_TOP_LEVEL)
  target_compile_options(headroom_warnings INTERFACE -Werror)
endif()

# headroom_library(name [deps...]): every .cpp of this folder as one static library. Files are found
# by CONFIGURE_DEPENDS globbing, so that adding a policy or a reader touches no build file.
function(headroom_library name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.hpp)
  add_library(${name} STATIC ${sources})
  target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${headers})
  target_link_libraries(${name} PUBLIC headroom_options ${ARGN})
  # `cmake --build build/dev --target all_verify_interface_header_sets` compiles each header alone.
  set_target_properties(${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
endfunction()
