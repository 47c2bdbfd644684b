# build/.../generated/headroom_version.hpp: the version and git revision, renewed at every build and
# rewritten only when they changed.
set(HEADROOM_GENERATED_DIR ${PROJECT_BINARY_DIR}/generated)
add_custom_target(headroom_version
  COMMAND ${CMAKE_COMMAND} -DVERSION=${PROJECT_VERSION} -DSOURCE_DIR=${PROJECT_SOURCE_DIR}
          -DOUTPUT=${HEADROOM_GENERATED_DIR}/headroom_version.hpp
          -P ${PROJECT_SOURCE_DIR}/cmake/write_version.cmake
  BYPRODUCTS ${HEADROOM_GENERATED_DIR}/headroom_version.hpp VERBATIM)
