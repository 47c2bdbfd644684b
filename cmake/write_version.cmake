# Run as a script at build time: see revision.cmake.
execute_process(COMMAND git -c safe.directory=* -C ${SOURCE_DIR} rev-parse --short=12 HEAD
                OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT revision)
  set(revision "unknown")
else()
  execute_process(COMMAND git -c safe.directory=* -C ${SOURCE_DIR} status --porcelain --untracked-files=no
                  OUTPUT_VARIABLE changes ERROR_QUIET)
  if(changes)
    string(APPEND revision "-modified")
  endif()
endif()
set(text "#pragma once\n#define HEADROOM_VERSION \"${VERSION}\"\n#define HEADROOM_REVISION \"${revision}\"\n")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} old)
endif()
if(NOT "${old}" STREQUAL "${text}")
  file(WRITE ${OUTPUT} "${text}")
endif()
