#include "traces/csv_tasks.hpp"

#include <algorithm>

namespace headroom {

std::vector<std::string> CsvTasks::split_types(std::string_view text) {
  std::vector<std::string> types;
  while (!text.empty()) {
    const std::size_t bar = std::min(text.find('|'), text.size());
    if (bar > 0) types.emplace_back(text.substr(0, bar));
    text.remove_prefix(std::min(bar + 1, text.size()));
  }
  std::sort(types.begin(), types.end());
  types.erase(std::unique(types.begin(), types.end()), types.end());
  return types;
}

}  // namespace headroom
