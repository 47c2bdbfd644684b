#include "sim/workload/degradation.hpp"

#include "sim/core/nearest.hpp"
#include "sim/engine/checkpoints.hpp"
#include "sim/engine/kv_cache.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <utility>

namespace headroom {
namespace {

const std::array<std::string, 4> kKeys{"context", "sequences", "kv_cache", "checkpoint"};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// A whole number from 1 to below `asked`.
Result<std::int64_t> less_than(std::string_view key, std::string_view value, std::int64_t asked) {
  std::int64_t number = 0;
  const char* const end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, number);
  if (error == std::errc() && stop == end && number >= 1 && number < asked) return number;
  return fail(fmt::format("'{}={}': the {} must be a whole number from 1 to below the {} asked for",
                          key, value.substr(0, 40), key, asked));
}

Status set_cache(std::string_view value, const Model& model, const ServingLimits& asked,
                 Degradation& out) {
  if (value != "fp8") {
    return fail(fmt::format("'kv_cache={}': only fp8 is known", value.substr(0, 40)));
  }
  if (effective_cache_type(model, asked.kv_cache) == KvCacheType::fp8) {
    return fail(fmt::format("'kv_cache=fp8': the cache of {} is in fp8 as it is", model.name));
  }
  out.fp8_cache = true;
  return {};
}

Status set_checkpoint(std::string_view value, const Model& model, Degradation& out) {
  if (value != "fp8" && value != "4bit") {
    return fail(fmt::format("'checkpoint={}': fp8 and 4bit are known", value.substr(0, 40)));
  }
  if (model.quantization.quantized()) {
    return fail(fmt::format("'checkpoint={}': {} is quantized as it is", value, model.name));
  }
  out.checkpoint =
      value == "fp8" ? Degradation::Checkpoint::fp8 : Degradation::Checkpoint::four_bits;
  return {};
}

Status set(std::string_view item, const Model& model, const ServingLimits& asked,
           Degradation& out) {
  const auto equals = item.find('=');
  const std::string_view key = trimmed(item.substr(0, equals));
  if (equals == std::string_view::npos) {
    return fail(fmt::format("'{}' is not KEY=VALUE", item.substr(0, 40)), {},
                "such as context=4096 or kv_cache=fp8");
  }
  const std::string_view value = trimmed(item.substr(equals + 1));
  if (key == "context") {
    HEADROOM_TRY(out.context, less_than(key, value, asked.context));
    return {};
  }
  if (key == "sequences") {
    HEADROOM_TRY(out.sequences, less_than(key, value, asked.sequences));
    return {};
  }
  if (key == "kv_cache") return set_cache(value, model, asked, out);
  if (key == "checkpoint") return set_checkpoint(value, model, out);
  return fail(fmt::format("'{}' cannot be degraded", key.substr(0, 40)), {}, suggest(key, kKeys));
}

Result<Degradation> parse_degradation(std::string_view text, const Model& model,
                                      const ServingLimits& asked) {
  Degradation out;
  std::set<std::string_view> keys;
  while (true) {
    const auto comma = text.find(',');
    const std::string_view item = trimmed(text.substr(0, comma));
    const std::string_view key = trimmed(item.substr(0, item.find('=')));
    HEADROOM_CHECK(set(item, model, asked, out));
    if (!keys.insert(key).second) return fail(fmt::format("'{}' stands there twice", key));
    if (comma == std::string_view::npos) return out;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

std::string to_text(const Degradation& degradation) {
  std::vector<std::string> items;
  if (degradation.context) items.push_back(fmt::format("context={}", *degradation.context));
  if (degradation.sequences) items.push_back(fmt::format("sequences={}", *degradation.sequences));
  if (degradation.fp8_cache) items.emplace_back("kv_cache=fp8");
  if (degradation.checkpoint == Degradation::Checkpoint::fp8) items.emplace_back("checkpoint=fp8");
  if (degradation.checkpoint == Degradation::Checkpoint::four_bits) {
    items.emplace_back("checkpoint=4bit");
  }
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + item;
  return out;
}

Result<std::vector<Degradation>> parse_degradations(const std::vector<std::string>& texts,
                                                    const Model& model,
                                                    const ServingLimits& asked) {
  std::vector<Degradation> out;
  for (const std::string& text : texts) {
    HEADROOM_TRY(const Degradation one, parse_degradation(text, model, asked));
    if (std::find(out.begin(), out.end(), one) != out.end()) {
      return fail(fmt::format("'{}' stands there twice", text));
    }
    out.push_back(one);
  }
  return out;
}

ServingLimits degraded_limits(const Degradation& degradation, ServingLimits asked) {
  asked.context = std::min(asked.context, degradation.context.value_or(asked.context));
  asked.sequences = std::min(asked.sequences, degradation.sequences.value_or(asked.sequences));
  if (degradation.fp8_cache) asked.kv_cache = KvCacheType::fp8;
  return asked;
}

std::shared_ptr<const Model> degraded_checkpoint(const Degradation& degradation,
                                                 const Model& model) {
  switch (degradation.checkpoint) {
    case Degradation::Checkpoint::as_asked:
      return nullptr;
    case Degradation::Checkpoint::fp8:
      return as_fp8(model);
    case Degradation::Checkpoint::four_bits:
      return as_4_bits(model);
  }
  return nullptr;
}

}  // namespace headroom
