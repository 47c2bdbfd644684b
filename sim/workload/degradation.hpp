#pragma once
// What a request puts up with where it cannot be served as asked: less of something, in the words
// of a scenario or a trace: "context=4096", "sequences=4, kv_cache=fp8", "checkpoint=4bit".

#include "sim/core/result.hpp"
#include "sim/engine/engine.hpp"
#include "sim/models/model.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

/// All that is set holds at once; what is not stays as asked.
struct Degradation {
  /// Weights in fewer bits than those of the checkpoint asked for.
  enum class Checkpoint : std::uint8_t { as_asked, fp8, four_bits };

  std::optional<std::int64_t> context;    // tokens, fewer than asked
  std::optional<std::int64_t> sequences;  // fewer than asked
  bool fp8_cache = false;
  Checkpoint checkpoint = Checkpoint::as_asked;

  friend bool operator==(const Degradation&, const Degradation&) = default;
};

/// As it is written: "context=4096, kv_cache=fp8".
[[nodiscard]] std::string to_text(const Degradation& degradation);

/// Reads the texts of one request, in order. Error, with the text at fault: not KEY=VALUE; an
/// unknown key (those that there are); a value out of range; not less than what `asked` and `model`
/// have; a degradation twice.
[[nodiscard]] Result<std::vector<Degradation>> parse_degradations(
    const std::vector<std::string>& texts, const Model& model, const ServingLimits& asked);

/// The limits under it: nothing becomes more than was asked for.
[[nodiscard]] ServingLimits degraded_limits(const Degradation& degradation, ServingLimits asked);
/// The checkpoint under it: a new object, or null where it is the one asked for.
[[nodiscard]] std::shared_ptr<const Model> degraded_checkpoint(const Degradation& degradation,
                                                               const Model& model);

}  // namespace headroom
