# Dependencies point one way. Run: cmake [-D ROOT=folder] -P tests/check/dependency_arrows.cmake
#
# Each rule is "folder: what its files may include", as path prefixes from the repository root; the
# first rule whose folder holds the file decides. Only includes of our own files are looked at. A
# folder without a rule (tests, bench) may include anything.
set(RULES
  "sim/core/:     sim/core/"
  "sim/hardware/: sim/core/ sim/hardware/"
  "sim/links/:    sim/core/ sim/hardware/ sim/links/"
  "sim/models/:   sim/core/ sim/models/"
  "sim/engine/:   sim/core/ sim/hardware/ sim/models/ sim/engine/"
  "sim/workload/: sim/core/ sim/hardware/ sim/models/ sim/engine/ sim/workload/"
  "sim/cluster/:  sim/core/ sim/hardware/ sim/links/ sim/cluster/"
  "sim/cost/:     sim/core/ sim/hardware/ sim/links/ sim/models/ sim/engine/ sim/cluster/ sim/cost/"
  "sim/plan/:     sim/core/ sim/hardware/ sim/links/ sim/models/ sim/engine/ sim/workload/ sim/cluster/ sim/cost/ sim/plan/"
  # What a policy author sees: nothing that watches or drives a run.
  "sim/policy/:   sim/core/ sim/hardware/ sim/links/ sim/models/ sim/engine/ sim/workload/ sim/cluster/ sim/cost/ sim/plan/ sim/policy/"
  "sim/observe/:  sim/core/ sim/hardware/ sim/links/ sim/models/ sim/engine/ sim/workload/ sim/cluster/ sim/cost/ sim/plan/ sim/policy/ sim/observe/"
  "sim/:          sim/"
  # A trace knows the workload, and of the engines only the interface that names them.
  "traces/:       sim/core/ sim/hardware/ sim/links/ sim/models/ sim/engine/engine.hpp sim/workload/ sim/cluster/ traces/"
  "policies/:     sim/ policies/"
  "study/:        sim/ policies/ traces/ study/"
  "cli/:          sim/ policies/ traces/ study/ cli/"
  # The kernels meet the rest only through files.
  "kernels/:      kernels/")

cmake_policy(VERSION 3.25)
if(NOT ROOT)
  get_filename_component(ROOT "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
endif()

# Sets `out` to the prefixes that `file` may include, or to nothing where no rule holds.
function(allowed_prefixes file out)
  foreach(rule IN LISTS RULES)
    string(REGEX MATCH "^([^:]+):(.*)$" matched "${rule}")
    set(prefixes "${CMAKE_MATCH_2}")
    string(FIND "${file}" "${CMAKE_MATCH_1}" at)
    if(at EQUAL 0)
      string(REGEX MATCHALL "[^ ]+" prefixes "${prefixes}")
      set(${out} "${prefixes}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  set(${out} "" PARENT_SCOPE)
endfunction()

set(ours sim policies traces study cli kernels bench tests report)
set(files)
foreach(folder IN LISTS ours)
  foreach(ending cpp hpp h c cu cuh)
    file(GLOB_RECURSE found RELATIVE "${ROOT}" "${ROOT}/${folder}/*.${ending}")
    list(APPEND files ${found})
  endforeach()
endforeach()
list(SORT files)
string(REPLACE ";" "|" ours_pattern "${ours}")

set(wrong 0)
set(arrows 0)
foreach(file IN LISTS files)
  allowed_prefixes("${file}" allowed)
  if(NOT allowed)
    continue()
  endif()
  get_filename_component(folder "${ROOT}/${file}" DIRECTORY)
  file(READ "${ROOT}/${file}" text)
  string(REGEX REPLACE "[][;]" " " text "${text}")  # what would join or split list elements
  string(REGEX MATCHALL "(^|\n)[ \t]*#[ \t]*include[ \t]*[<\"][^>\"\n]+" lines "${text}")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^[^<\"]*[<\"]" "" target "${line}")
    if(EXISTS "${folder}/${target}")  # written from the including file's folder, as "../x.hpp" is
      file(RELATIVE_PATH target "${ROOT}" "${folder}/${target}")
    endif()
    if(NOT target MATCHES "^(${ours_pattern})/")
      continue()
    endif()
    math(EXPR arrows "${arrows} + 1")
    set(fine FALSE)
    foreach(prefix IN LISTS allowed)
      string(FIND "${target}" "${prefix}" at)
      if(at EQUAL 0)
        set(fine TRUE)
      endif()
    endforeach()
    if(NOT fine)
      math(EXPR wrong "${wrong} + 1")
      list(JOIN allowed ", " allowed_text)
      message("${file} includes \"${target}\": it may include only ${allowed_text}")
    endif()
  endforeach()
endforeach()

if(NOT files)
  message(FATAL_ERROR "no source files below ${ROOT}: nothing was checked")
elseif(wrong GREATER 0)
  message(FATAL_ERROR "${wrong} of ${arrows} includes point the wrong way")
endif()
message(STATUS "${arrows} includes of our own files all point the right way")
