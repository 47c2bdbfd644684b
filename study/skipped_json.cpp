#include "study/skipped_json.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace headroom {

nlohmann::ordered_json skipped_json(const SkippedRows& skipped) {
  auto first = nlohmann::ordered_json::array();
  for (const Error& error : skipped.first) {
    first.push_back(
        {{"line", error.place.line}, {"column", error.place.column}, {"message", error.message}});
  }
  return {{"count", skipped.count}, {"first", std::move(first)}};
}

}  // namespace headroom
