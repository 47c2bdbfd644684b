#include "study/cluster_import/kubernetes_pods.hpp"

#include "study/cluster_import/quantity.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace headroom {
namespace {

using Json = nlohmann::json;
using Milli = std::map<std::string, std::int64_t>;  // by resource

constexpr std::int64_t kMostMilli = std::int64_t{1} << 61U;

// What one container asks for: its requests, and limits where it requests nothing of a resource.
Result<Milli> asked_by(const InputFile& source, const Json& container, const std::string& pod) {
  Milli out;
  for (const char* kind : {"limits", "requests"}) {
    const Json* table = member_at(container, {"resources", kind});
    if (table == nullptr || !table->is_object()) continue;
    for (const auto& [resource, amount] : table->items()) {
      const std::string text = amount.is_string()   ? amount.get<std::string>()
                               : amount.is_number() ? amount.dump()
                                                    : std::string();
      const auto value = parse_quantity_milli(text);
      if (!value) {
        return wrong_input(source, fmt::format("pod '{}': '{}' is no quantity of {}", pod,
                                               text.substr(0, 40), resource));
      }
      out[resource] = *value;
    }
  }
  return out;
}

void add(const Milli& more, Milli& sum) {
  for (const auto& [resource, milli] : more) {
    std::int64_t& value = sum[resource];
    value = std::min(kMostMilli, value + milli);
  }
}

Result<Milli> asked_by_pod(const InputFile& source, const Json& pod, const std::string& name) {
  Milli sum;
  Milli largest_init;
  for (const char* list : {"containers", "initContainers"}) {
    const Json* containers = member_at(pod, {"spec", list});
    if (containers == nullptr || !containers->is_array()) continue;
    for (const Json& container : *containers) {
      HEADROOM_TRY(const Milli asked, asked_by(source, container, name));
      // An init container that restarts always runs beside the others.
      const bool beside = std::string_view(list) == "containers" ||
                          text_at(container, {"restartPolicy"}) == "Always";
      if (beside) {
        add(asked, sum);
        continue;
      }
      for (const auto& [resource, milli] : asked) {
        largest_init[resource] = std::max(largest_init[resource], milli);
      }
    }
  }
  for (const auto& [resource, milli] : largest_init) sum[resource] = std::max(sum[resource], milli);
  if (const Json* overhead = member_at(pod, {"spec", "overhead"})) {
    const Json as_container = {{"resources", {{"requests", *overhead}}}};
    HEADROOM_TRY(const Milli more, asked_by(source, as_container, name));
    add(more, sum);
  }
  return sum;
}

}  // namespace

Result<std::vector<const Json*>> kubernetes_items(const InputFile& source, const Json& document,
                                                  const std::string& kind) {
  const std::string found = text_at(document, {"kind"});
  if (found == kind) return std::vector<const Json*>{&document};
  const Json* items = member(document, "items");
  if (items == nullptr || !items->is_array()) {
    return wrong_input(source, document.is_object() && !found.empty()
                                   ? fmt::format("this is a {}, without a list of items", found)
                                   : "there is no list of items in it");
  }
  std::vector<const Json*> out;
  for (const Json& item : *items) {
    const std::string of = text_at(item, {"kind"});
    // The items of a typed list ("NodeList") carry no kind of their own.
    const bool typed = of.empty() && found == kind + "List" && item.is_object();
    if (of != kind && !typed) {
      return wrong_input(source, of.empty() ? fmt::format("an item of the list is no {}", kind)
                                            : fmt::format("this is a list of {}", of));
    }
    out.push_back(&item);
  }
  if (out.empty() && kind == "Node") return wrong_input(source, "the list of nodes is empty");
  return out;
}

Result<PodUse> read_pods(const std::filesystem::path& file) {
  const InputFile source{file, "a list of pods", "kubectl get pods -A -o json"};
  HEADROOM_TRY(const Json document, read_input_json(source));
  HEADROOM_TRY(const auto items, kubernetes_items(source, document, "Pod"));
  PodUse out;
  for (const Json* pod : items) {
    const std::string node = text_at(*pod, {"spec", "nodeName"});
    const std::string phase = text_at(*pod, {"status", "phase"});
    if (node.empty() || phase == "Succeeded" || phase == "Failed") continue;
    HEADROOM_TRY(const Milli asked,
                 asked_by_pod(source, *pod, text_at(*pod, {"metadata", "name"})));
    NodeUse& use = out.nodes[node];
    for (const auto& [resource, milli] : asked) {
      if (resource == "cpu") {
        use.cpu_milli = std::min(kMostMilli, use.cpu_milli + milli);
      } else if (resource == "memory") {
        use.ram = std::min(kMostMilli, use.ram + (milli + 999) / 1000);
      } else {
        std::int64_t& count = use.devices[resource];
        count = std::min(kMostMilli, count + (milli + 999) / 1000);
      }
    }
  }
  return out;
}

}  // namespace headroom
