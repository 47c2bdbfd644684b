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
  std::unique_ptr<QueueDiscipline> (*make)(const QueueOptions&);
  bool reserves = false;
};

const std::vector<Discipline>& disciplines() {
  static const std::vector<Discipline> all = {{"fifo-skip", make_fifo_skip},
                                              {"fifo", make_fifo},
                                              {"fifo-rescan", make_fifo_rescan},
                                              {"priority", make_priority},
                                              {"largest-first", make_largest_first},
                                              {"las", make_las},
                                              {"sjf", make_sjf},
                                              {"easy", make_easy, true},
                                              {"conservative", make_conservative, true}};
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

Result<std::unique_ptr<QueueDiscipline>> make_queue_discipline(std::string_view name,
                                                               const QueueOptions& options) {
  const auto& all = disciplines();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Discipline& d) { return d.name == name; });
  if (found == all.end()) {
    return fail(fmt::format("unknown queue discipline '{}'", name), {},
                suggest(name, queue_discipline_names()));
  }
  if (options.reserve_machines && !found->reserves) {
    return fail(fmt::format("the queue discipline '{}' reserves no machines", name), {},
                "easy and conservative do");
  }
  return found->make(options);
}

}  // namespace headroom
