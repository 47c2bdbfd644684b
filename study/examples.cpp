#include "study/examples.hpp"

#include <cstdlib>
#include <system_error>

namespace headroom {
namespace fs = std::filesystem;

Result<fs::path> examples_folder() {
  std::error_code code;
  if (const char* named = std::getenv("HEADROOM_EXAMPLES"); named != nullptr && *named != '\0') {
    if (fs::is_directory(named, code)) return fs::path(named);
    return fail("HEADROOM_EXAMPLES does not name a folder", {named});
  }
  const fs::path program = fs::read_symlink("/proc/self/exe", code);
  const fs::path installed = program.parent_path() / "../share/headroom/examples";
  if (!code && fs::is_directory(installed, code)) return installed.lexically_normal();
  const fs::path source(HEADROOM_SOURCE_EXAMPLES);
  if (fs::is_directory(source, code)) return source;
  return fail("the examples are not there", {source.string()},
              "set HEADROOM_EXAMPLES to the folder 'examples' of headroom's sources");
}

}  // namespace headroom
