#pragma once
// A second way of counting parameters, for tests alone: the tensors that a checkpoint of this
// config.json holds, by name and shape. It shares no code with sim/models, so that a mistake there
// is not made here as well.
//
// What is listed: what the modelling code saves, weights and persistent buffers alike. Not listed:
// rotary tables, scales of quantization, layers that only draft (MTP), tables of integers, and a
// tied output head. Towers (vision) are listed where the config describes one.

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::test {

struct NamedTensor {
  std::string name;  // '*' stands for the number of an expert
  std::vector<std::int64_t> shape;
  std::int64_t copies = 1;  // more than one for equal tensors of experts
};

/// Nothing for a model type that is not known here. Throws nlohmann's exceptions for a config that
/// lacks what its type needs.
[[nodiscard]] std::optional<std::vector<NamedTensor>> named_tensors(const nlohmann::json& config);

/// Elements in all.
[[nodiscard]] std::int64_t count(const std::vector<NamedTensor>& tensors);

}  // namespace headroom::test
