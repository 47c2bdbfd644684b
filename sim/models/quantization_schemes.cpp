#include "sim/models/quantization_schemes.hpp"

#include "sim/models/config_document.hpp"
#include "sim/models/limits.hpp"

#include <fmt/format.h>

#include <utility>

namespace headroom {
namespace {

using nlohmann::json;
using Scheme = Quantization::Scheme;

constexpr std::int64_t kMostBlock = 65'536;

Quantization scheme_of(Scheme scheme, std::int64_t bits, std::int64_t group = 0) {
  Quantization q;
  q.scheme = scheme;
  q.bits = bits;
  q.group = group;
  return q;
}

Result<std::string> text_of(const ConfigSections& section, std::string_view key) {
  return section.string_or(std::span(&key, 1), "");
}

/// -1 and 0 stand for one group per output.
Result<std::int64_t> read_group(const ConfigSections& section, std::int64_t absent) {
  HEADROOM_TRY(const std::int64_t group,
               section.integer_or(
                   {"weights in a group", {"group_size", "q_group_size"}, -1, kMostGroup}, absent));
  return group < 0 ? 0 : group;
}

Result<std::int64_t> read_bits(const ConfigSections& section) {
  HEADROOM_TRY(const std::int64_t bits,
               section.integer_or({"bits", {"bits", "w_bit", "num_bits"}, 2, 8}, 4));
  if (bits != 2 && bits != 3 && bits != 4 && bits != 8) {
    return section.refuse("bits", "2, 3, 4 and 8 are allowed");
  }
  return bits;
}

Status read_block(const ConfigSections& section, std::string_view key, Quantization& q) {
  HEADROOM_TRY(const auto block, section.integers({"block", {key}, 1, kMostBlock}, 2));
  if (block.size() != 2) return section.refuse(key, "two sizes of a block are needed");
  q.scheme = Scheme::fp8_block;
  q.block_out = block[0];
  q.block_in = block[1];
  return {};
}

Result<Quantization> read_fp8(const ConfigSections& section) {
  Quantization q = scheme_of(Scheme::fp8_tensor, 8);
  HEADROOM_TRY(const std::string activations, text_of(section, "activation_scheme"));
  q.static_inputs = activations == "static";
  if (section.has("weight_block_size")) {
    HEADROOM_CHECK(read_block(section, "weight_block_size", q));
  }
  return q;
}

Result<Quantization> read_awq(const ConfigSections& section) {
  HEADROOM_TRY(const std::int64_t bits, read_bits(section));
  HEADROOM_TRY(const std::int64_t group, read_group(section, 128));
  Quantization q = scheme_of(Scheme::awq, bits, group);
  HEADROOM_TRY(q.zero_points, section.boolean_or("zero_point", true));
  return q;
}

Result<Quantization> read_gptq(const ConfigSections& section) {
  HEADROOM_TRY(const std::int64_t bits, read_bits(section));
  HEADROOM_TRY(const std::int64_t group, read_group(section, 128));
  Quantization q = scheme_of(Scheme::gptq, bits, group);
  q.zero_points = true;  // stored for symmetric weights too
  HEADROOM_TRY(q.act_order, section.boolean_or("desc_act", false));
  return q;
}

Result<Quantization> read_bitsandbytes(const ConfigSections& section) {
  HEADROOM_TRY(const bool four, section.boolean_or("load_in_4bit", false));
  HEADROOM_TRY(const bool eight, section.boolean_or("load_in_8bit", false));
  if (four == eight) {
    return section.refuse("load_in_4bit", "one of load_in_4bit and load_in_8bit must be true");
  }
  return four ? scheme_of(Scheme::bnb_4bit, 4, 64) : scheme_of(Scheme::bnb_8bit, 8);
}

// --- ModelOpt ---

Result<Quantization> read_algorithm(const ConfigSections& section, const std::string& algorithm) {
  if (algorithm == "FP8") {
    Quantization q = scheme_of(Scheme::fp8_tensor, 8);
    q.static_inputs = true;
    return q;
  }
  if (algorithm == "FP8_PER_CHANNEL_PER_TOKEN") return scheme_of(Scheme::fp8_channel, 8);
  if (algorithm == "FP8_PB_WO") {
    Quantization q = scheme_of(Scheme::fp8_block, 8);
    q.block_out = q.block_in = 128;
    return q;
  }
  if (algorithm == "NVFP4" || algorithm == "NVFP4_AWQ") return scheme_of(Scheme::nvfp4, 4, 16);
  if (algorithm == "MXFP8") return scheme_of(Scheme::mxfp8, 8, 32);
  if (algorithm == "MXFP4") return scheme_of(Scheme::mxfp4, 4, 32);
  if (algorithm == "W4A16_AWQ" || algorithm == "W4A8_AWQ") {
    HEADROOM_TRY(const std::int64_t group, read_group(section, 128));
    return scheme_of(Scheme::awq, 4, group);
  }
  return section.refuse(
      "quant_algo", fmt::format("'{}' is not read (FP8, FP8_PER_CHANNEL_PER_TOKEN, FP8_PB_WO, "
                                "NVFP4, MXFP4, MXFP8, W4A16_AWQ, W4A8_AWQ, MIXED_PRECISION are)",
                                algorithm.substr(0, 40)));
}

bool names_experts(const std::string& module) {
  return module.find(".experts.") != std::string::npos || module.ends_with(".experts");
}

/// Every module by name, with its algorithm: one for the routed experts, one for all others.
Status read_mixed(const ConfigSections& section, Schemes& schemes) {
  const auto layers = section.find("quantized_layers");
  if (!layers || !layers->value->is_object() || layers->value->empty()) {
    return section.refuse("quantized_layers", "the modules of a mixed precision are needed");
  }
  std::optional<Quantization> main;
  std::optional<Quantization> experts;
  schemes.only.emplace();
  for (const auto& [name, entry] : layers->value->items()) {
    const auto algorithm = entry.is_object() ? entry.find("quant_algo") : entry.end();
    if (!entry.is_object() || algorithm == entry.end() || !algorithm->is_string()) {
      return section.refuse("quantized_layers", "each module names its quant_algo");
    }
    const ConfigSections own({{layers->path + "." + name.substr(0, 80), &entry}}, section.where());
    HEADROOM_TRY(const Quantization q, read_algorithm(own, algorithm->get<std::string>()));
    auto& slot = names_experts(name) ? experts : main;
    if (slot && *slot != q) {
      return section.refuse("quantized_layers",
                            "modules other than the routed experts differ in their quant_algo");
    }
    slot = q;
    schemes.only->add(name);
  }
  schemes.main = main ? *main : *experts;
  if (main && experts && *main != *experts) schemes.experts = experts;
  schemes.main.experts_only = !main;
  return {};
}

Status read_modelopt(const ConfigSections& section, Schemes& schemes) {
  HEADROOM_TRY(const std::string algorithm, text_of(section, "quant_algo"));
  HEADROOM_TRY(const std::string cache, text_of(section, "kv_cache_quant_algo"));
  if (cache == "FP8") schemes.kv_cache = "fp8";
  if (algorithm.empty() || algorithm == "NO_QUANT") return {};
  if (algorithm == "MIXED_PRECISION") return read_mixed(section, schemes);
  HEADROOM_TRY(schemes.main, read_algorithm(section, algorithm));
  return {};
}

// --- compressed-tensors ---

Result<Quantization> read_float_weights(const ConfigSections& weights, std::int64_t bits,
                                        std::int64_t group, const std::string& strategy) {
  if (bits == 4)
    return group == 32 ? scheme_of(Scheme::mxfp4, 4, 32) : scheme_of(Scheme::nvfp4, 4, 16);
  if (bits != 8) return weights.refuse("num_bits", "floats of 4 and 8 bits are read");
  Quantization q = scheme_of(Scheme::fp8_tensor, 8);
  if (strategy == "channel") q.scheme = Scheme::fp8_channel;
  if (strategy == "group" && group == 32) q = scheme_of(Scheme::mxfp8, 8, 32);
  if (strategy == "block") HEADROOM_CHECK(read_block(weights, "block_structure", q));
  return q;
}

Result<Quantization> read_weights(const ConfigSections& weights) {
  HEADROOM_TRY(const std::string type, text_of(weights, "type"));
  HEADROOM_TRY(const std::string strategy, text_of(weights, "strategy"));
  HEADROOM_TRY(const std::int64_t group, read_group(weights, 0));
  HEADROOM_TRY(const std::int64_t bits, read_bits(weights));
  if (type == "float") return read_float_weights(weights, bits, group, strategy);
  if (type != "int") return weights.refuse("type", "int and float are allowed");
  HEADROOM_TRY(const bool symmetric, weights.boolean_or("symmetric", true));
  if (bits == 8 && group == 0) return scheme_of(Scheme::int8_channel, 8);
  Quantization q = scheme_of(Scheme::integer, bits, group);
  q.zero_points = !symmetric;
  return q;
}

/// "Linear" is every matrix; other targets name modules.
Status read_targets(const ConfigSections& group, ModuleNames& names, bool& all) {
  const auto targets = group.find("targets");
  if (!targets) {
    all = true;
    return {};
  }
  if (!targets->value->is_array()) return group.refuse("targets", "a list of names is allowed");
  for (const json& target : *targets->value) {
    if (!target.is_string()) return group.refuse("targets", "a list of names is allowed");
    const auto name = target.get<std::string>();
    if (name == "Linear") {
      all = true;
    } else {
      names.add(name);
    }
  }
  return {};
}

Result<Quantization> read_group_section(const ConfigSections& group) {
  HEADROOM_TRY(const auto weights, group.child("weights"));
  if (!weights) return group.refuse("weights", "how the weights are stored is needed");
  HEADROOM_TRY(Quantization q, read_weights(*weights));
  HEADROOM_TRY(const auto inputs, group.child("input_activations"));
  if (inputs) {
    const auto dynamic = inputs->find("dynamic");
    q.static_inputs = q.scheme == Scheme::fp8_tensor && dynamic && *dynamic->value == false;
  }
  return q;
}

Status read_compressed(const ConfigSections& section, Schemes& schemes) {
  const auto groups = section.find("config_groups");
  if (!groups || !groups->value->is_object() || groups->value->empty()) {
    return section.refuse("config_groups", "how the weights are stored is needed");
  }
  ModuleNames names;
  bool all = false;
  for (const auto& [name, entry] : groups->value->items()) {
    if (!entry.is_object()) return section.refuse("config_groups", "its groups are objects");
    const ConfigSections group({{groups->path + "." + name.substr(0, 80), &entry}},
                               section.where());
    HEADROOM_TRY(const Quantization q, read_group_section(group));
    if (schemes.main.quantized() && schemes.main != q) {
      return section.refuse("config_groups", "groups that store weights differently are not read");
    }
    schemes.main = q;
    HEADROOM_CHECK(read_targets(group, names, all));
  }
  if (!all) schemes.only = std::move(names);
  return {};
}

/// compressed-tensors, and ModelOpt in its newer form.
Status read_cache_scheme(const ConfigSections& section, Schemes& schemes) {
  HEADROOM_TRY(const auto cache, section.child("kv_cache_scheme"));
  if (!cache) return {};
  HEADROOM_TRY(const std::int64_t bits,
               cache->integer_or({"bits of the cache", {"num_bits"}, 1, 64}, 16));
  HEADROOM_TRY(const std::string type, text_of(*cache, "type"));
  if (bits == 8 && type == "float") schemes.kv_cache = "fp8";
  return {};
}

Result<Quantization> read_plain(const ConfigSections& section, const std::string& method) {
  if (method == "fp8") return read_fp8(section);
  if (method == "fbgemm_fp8") return scheme_of(Scheme::fp8_channel, 8);
  if (method == "awq" || method == "awq_marlin") return read_awq(section);
  if (method == "gptq" || method == "gptq_marlin") return read_gptq(section);
  if (method == "bitsandbytes") return read_bitsandbytes(section);
  if (method == "mxfp4") {
    Quantization q = scheme_of(Scheme::mxfp4, 4, 32);
    q.experts_only = true;
    return q;
  }
  return section.refuse("quant_method",
                        "fp8, fbgemm_fp8, awq, gptq, bitsandbytes, mxfp4, compressed-tensors and "
                        "modelopt are read");
}

bool is_modelopt(const ConfigSections& section, const std::string& method) {
  if (method.empty()) return section.has("quant_algo") || section.has("kv_cache_quant_algo");
  return method.starts_with("modelopt");
}

}  // namespace

Result<Schemes> read_schemes(const ConfigSections& section) {
  HEADROOM_TRY(std::string method, text_of(section, "quant_method"));
  Schemes schemes;
  if (is_modelopt(section, method)) {
    if (method.empty()) method = "modelopt";
    HEADROOM_CHECK(read_modelopt(section, schemes));
  } else if (method == "compressed-tensors" || method == "compressed_tensors" ||
             (method.empty() && section.has("config_groups"))) {
    method = "compressed-tensors";
    HEADROOM_CHECK(read_compressed(section, schemes));
  } else {
    HEADROOM_TRY(schemes.main, read_plain(section, method));
  }
  HEADROOM_CHECK(read_cache_scheme(section, schemes));
  schemes.main.method = method;
  if (schemes.experts) schemes.experts->method = method;
  return schemes;
}

}  // namespace headroom
