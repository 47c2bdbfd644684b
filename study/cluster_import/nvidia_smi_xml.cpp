// One node as its own driver describes it: `nvidia-smi -q -x`, read with Boost.PropertyTree.

#include "study/cluster_import/nvidia_smi_topo.hpp"
#include "study/cluster_import/sources.hpp"
#include "study/input_file.hpp"

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace headroom {
namespace {

using Tree = boost::property_tree::ptree;

constexpr int kMostDepth = 64;

// How deep elements may be nested in what a parser reads, at most: it recurses once for each. -1
// where the text does not end properly or declares entities of its own.
int most_depth(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  for (auto at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1)) {
    std::string_view end = ">";
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("<!--")) end = "-->";
    if (rest.starts_with("<![CDATA[")) end = "]]>";
    if (rest.starts_with("<?")) end = "?>";
    const bool element = end == ">" && !rest.starts_with("<!");
    std::size_t close = std::string_view::npos;
    if (element) {  // a '>' in an attribute's quotes does not end it
      char quote = '\0';
      for (std::size_t i = 1; i < rest.size() && close == std::string_view::npos; ++i) {
        if (quote != '\0') {
          if (rest[i] == quote) quote = '\0';
        } else if (rest[i] == '"' || rest[i] == '\'') {
          quote = rest[i];
        } else if (rest[i] == '>') {
          close = i;
        }
      }
    } else {
      close = rest.find(end);
    }
    if (close == std::string_view::npos) return -1;
    if (rest.starts_with("<!") && end == ">" && rest.substr(0, close).find('[') != rest.npos) {
      return -1;
    }
    if (element) {
      const bool closing = rest.starts_with("</");
      const bool alone = rest[close - 1] == '/';
      if (!alone) depth += closing ? -1 : 1;
      deepest = std::max(deepest, depth);
    }
    at += close;
  }
  return deepest;
}

Result<Tree> parse_xml(const InputFile& source) {
  HEADROOM_TRY(const std::string text, read_input(source));
  const int depth = most_depth(text);
  if (depth < 0) return wrong_input(source, "not XML, or cut off");
  if (depth > kMostDepth) {
    return wrong_input(source, fmt::format("nested deeper than {} levels", kMostDepth));
  }
  Tree tree;
  try {
    std::istringstream in(text);
    boost::property_tree::read_xml(in, tree, boost::property_tree::xml_parser::no_comments);
  } catch (const boost::property_tree::xml_parser_error& problem) {
    auto error = wrong_input(source, "not XML, or cut off: " + problem.message());
    error.value().place.line = static_cast<std::int64_t>(problem.line());
    return error;
  }
  return tree;
}

// "81559 MiB"; nullopt for "N/A", and for what is not there.
std::optional<Bytes> mib_at(const Tree& tree, const char* path) {
  const auto text = tree.get_optional<std::string>(path);
  if (!text) return std::nullopt;
  const auto bytes = parse_bytes(*text);
  return bytes ? std::optional(*bytes) : std::nullopt;
}

bool has_processes(const Tree& gpu) {
  const auto processes = gpu.get_child_optional("processes");
  return processes && processes->count("process_info") > 0;
}

// Memory of a GPU or of a MIG device. What is neither used nor free the driver keeps for itself.
Status read_memory(const InputFile& source, const Tree& tree, bool busy, const std::string& where,
                   FoundDevice& out) {
  const auto total = mib_at(tree, "fb_memory_usage.total");
  if (!total || *total == 0) {
    return wrong_input(source, fmt::format("{} has no fb_memory_usage/total", where));
  }
  out.memory = *total;
  const auto free = mib_at(tree, "fb_memory_usage.free");
  const auto used = mib_at(tree, "fb_memory_usage.used");
  const Bytes taken = free && *free <= *total ? *total - *free : used.value_or(0);
  out.used = !busy && taken < *total / kDriverShare ? 0 : std::min(taken, *total);
  return {};
}

Status add_gpu(const InputFile& source, const Tree& gpu, FoundNode& node, bool& sliced) {
  const std::string where = fmt::format("GPU {}", node.devices.size());
  FoundDevice device;
  device.product = gpu.get<std::string>("product_name", "");
  if (device.product.empty()) return wrong_input(source, where + " has no product_name");
  const auto mig = gpu.get_child_optional("mig_devices");
  const bool enabled = gpu.get<std::string>("mig_mode.current_mig", "") == "Enabled";
  if (!enabled || !mig) {
    HEADROOM_CHECK(read_memory(source, gpu, has_processes(gpu), where, device));
    node.devices.push_back(std::move(device));
    return {};
  }
  sliced = true;
  for (const auto& [key, slice] : *mig) {
    if (key != "mig_device") continue;
    FoundDevice part = device;
    HEADROOM_CHECK(read_memory(source, slice, has_processes(gpu), where + "'s MIG device", part));
    // The profile is not told; docs/cluster.md says what a slice is worth.
    part.slice = fmt::format("{}gb", (part.memory + kGiB - 1) / kGiB);
    node.devices.push_back(std::move(part));
  }
  return {};
}

}  // namespace

Result<FoundCluster> import_nvidia_smi(const std::filesystem::path& query,
                                       const std::optional<std::filesystem::path>& topology,
                                       const std::string& name) {
  const InputFile source{query, "a document of one node's GPUs", "nvidia-smi -q -x"};
  HEADROOM_TRY(const Tree tree, parse_xml(source));
  const auto log = tree.get_child_optional("nvidia_smi_log");
  if (!log) return wrong_input(source, "there is no element nvidia_smi_log in it");
  FoundCluster out;
  out.source = topology ? "nvidia-smi -q -x, with nvidia-smi topo -m" : "nvidia-smi -q -x";
  FoundNode node;
  node.name = name;
  std::size_t gpus = 0;
  bool sliced = false;
  for (const auto& [key, gpu] : *log) {
    if (key != "gpu") continue;
    ++gpus;
    HEADROOM_CHECK(add_gpu(source, gpu, node, sliced));
    if (node.devices.size() > kMostDevices) {
      return wrong_input(source, fmt::format("more than {} GPUs", kMostDevices));
    }
  }
  if (node.devices.empty()) return wrong_input(source, "there is no GPU in it");
  if (topology) {
    HEADROOM_TRY(node.links, read_topology(*topology));
    if (node.links.size() != gpus) {
      return fail(fmt::format("{} GPUs here, but {} in {}", node.links.size(), gpus, source.name()),
                  {topology->string()}, "both are to be of the same node");
    }
    if (sliced) {
      node.links.clear();
      out.assumptions.emplace_back("the links of GPUs that are cut into MIG devices are left out");
    }
  } else {
    out.assumptions.emplace_back(
        "without `nvidia-smi topo -m` it is not told how the GPUs are linked");
  }
  out.assumptions.emplace_back(
      "memory that is not free is in use; below 2 % of a GPU without a process it is taken for "
      "the driver's own");
  out.assumptions.emplace_back("CPUs and host memory are not told, and not counted");
  out.nodes.push_back(std::move(node));
  return out;
}

}  // namespace headroom
