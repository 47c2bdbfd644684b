# Tracked files name no folder of one person's machine: a path below /work or /home anywhere, or one
# below /tmp outside scripts/. Run: cmake [-D ROOT=folder] -P tests/check/no_local_words.cmake
cmake_policy(VERSION 3.25)
if(NOT ROOT)
  get_filename_component(ROOT "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
endif()
find_program(GIT git)
if(NOT GIT)
  message("git or its repository is not there: skipped")
  return()
endif()

# The words are put together here, so that this file does not hold them.
set(before "(^|[^A-Za-z0-9_.$}~*)/-])")
set(anywhere "${before}/(work|home)/[a-z]")
set(outside_scripts "${before}/tmp/[a-z]")

# search(pattern pathspec...): appends the lines found to `found`.
function(search pattern)
  execute_process(
    COMMAND "${GIT}" -c safe.directory=* -C "${ROOT}" grep -nIE "${pattern}" -- ${ARGN}
    OUTPUT_VARIABLE lines ERROR_VARIABLE problem RESULT_VARIABLE status)
  if(status GREATER 1 OR NOT status MATCHES "^[0-9]+$")  # 1: nothing found
    set(problem "${problem}" PARENT_SCOPE)
  endif()
  set(found "${found}${lines}" PARENT_SCOPE)
endfunction()

set(found "")
set(problem "")
search("${anywhere}" .)
search("${outside_scripts}" . ":!scripts" ":!.ci")
if(problem)
  message("git or its repository is not there: skipped (${problem})")
elseif(found)
  message(FATAL_ERROR "absolute paths of one machine:\n${found}")
else()
  message(STATUS "no absolute path of one machine in tracked files")
endif()
