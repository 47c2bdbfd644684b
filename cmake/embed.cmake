# Run as a script at build time: a C++ source that holds text files, so that the program finds them
# wherever it is installed. FILES: a list; a line is a string literal of its own, as compilers limit
# their length.
set(text "#include \"study/cost/shipped_profiles.hpp\"\n\nnamespace headroom {\n\n")
set(table "")
set(number 0)
foreach(file IN LISTS FILES)
  file(READ ${file} content)
  string(REGEX REPLACE "([^\n]*)\n" "R\"json(\\1\n)json\",\n" literals "${content}")
  string(APPEND text "static constexpr std::string_view kLines${number}[] = {\n${literals}};\n\n")
  get_filename_component(name ${file} NAME)
  string(APPEND table "    {\"${name}\", kLines${number}},\n")
  math(EXPR number "${number} + 1")
endforeach()
string(APPEND text "std::vector<ShippedProfile> shipped_profiles() {\n  return {\n${table}  };\n}\n\n"
                   "}  // namespace headroom\n")
file(WRITE ${OUTPUT} "${text}")
