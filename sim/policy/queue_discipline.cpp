#include "sim/policy/queue_discipline.hpp"

#include "sim/core/nearest.hpp"
#include "sim/policy/disciplines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace headroom {
namespace {

struct Discipline {
  std::string name;
  std::unique_ptr<QueueDiscipline> (*make)();
};

const std::vector<Discipline>& disciplines() {
  static const std::vector<Discipline> all = {{"fifo-skip", make_fifo_skip},
                                              {"fifo", make_fifo},
                                              {"fifo-rescan", make_fifo_rescan},
                                              {"sjf", make_sjf},
                                              {"easy", make_easy}};
  return all;
}

}  // namespace

std::span<const std::string> queue_discipline_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (const Discipline& each : disciplines()) out.push_back(each.name);
    return out;
  }();
  return names;
}

Result<std::unique_ptr<QueueDiscipline>> make_queue_discipline(std::string_view name) {
  const auto& all = disciplines();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Discipline& d) { return d.name == name; });
  if (found != all.end()) return found->make();
  return fail(fmt::format("unknown queue discipline '{}'", name), {},
              suggest(name, queue_discipline_names()));
}

}  // namespace headroom
