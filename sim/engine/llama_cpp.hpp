#pragma once
// llama.cpp's rules, read from its source of June 2026 (a tree whose newest upstream commit is
// d4c8e2c29ce2); none was executed. Paths in comments are relative to its repository.
//
// A plan with pp > 1 is the split mode "layer", one with tp > 1 the split mode "tensor".

#include "sim/engine/engine.hpp"
#include "sim/models/model.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::llama_cpp {

inline constexpr std::string_view kSplitMode = "llama.cpp.split-mode";
inline constexpr std::string_view kArch = "llama.cpp.arch";
inline constexpr std::string_view kGranularity = "llama.cpp.granularity";
inline constexpr std::string_view kCacheType = "llama.cpp.cache-type";
inline constexpr std::string_view kTensorMode = "llama.cpp.tensor-mode";
inline constexpr std::string_view kIdleDevices = "llama.cpp.idle-devices";
inline constexpr std::string_view kGguf = "llama.cpp.gguf";
inline constexpr std::string_view kVision = "llama.cpp.vision";
inline constexpr std::string_view kEncoders = "llama.cpp.encoders";
inline constexpr std::string_view kSlidingWindow = "llama.cpp.sliding-window";
inline constexpr std::string_view kContextLimit = "llama.cpp.context-limit";
inline constexpr std::string_view kCapability = "llama.cpp.capability";
inline constexpr std::string_view kNoCacheMemory = "llama.cpp.no-cache-memory";
inline constexpr std::string_view kMaxLength = "llama.cpp.max-length";

/// Layers of each device in split mode "layer", where `shares` is what each is given (its free
/// memory, unless told). The output layer counts as one more, after the last. Precondition: the
/// shares are not negative, and not all 0.
[[nodiscard]] std::vector<std::int64_t> layers_by_share(std::int64_t layers,
                                                        const std::vector<std::int64_t>& shares);
/// The device that the output layer is on.
[[nodiscard]] std::size_t output_device(std::int64_t layers,
                                        const std::vector<std::int64_t>& shares);

/// llama.cpp's name of an architecture that split mode "tensor" refuses, by the config's
/// model_type.
[[nodiscard]] std::optional<std::string_view> refused_architecture(std::string_view model_type);

/// The model with as many groups of heads as the device with most of them has, times `devices`:
/// what cutting that evenly gives one device is what the fullest one holds.
[[nodiscard]] Model padded_to_devices(const Model& model, int devices);

class Rules final : public EngineRules {
 public:
  explicit Rules(const MemoryOverheads& overheads) : overheads_(overheads) {}

  [[nodiscard]] std::string_view name() const override { return "llama.cpp"; }
  using EngineRules::check_shape;
  [[nodiscard]] EngineVerdict check_shape(const Model& model, ParallelPlan plan,
                                          const ServingLimits& limits) const override;
  [[nodiscard]] EngineVerdict check(const Model& model, ParallelPlan plan, const GpuType& gpu,
                                    const ServingLimits& limits) const override;
  [[nodiscard]] std::string command(const Model& model, const Start& start) const override;
  [[nodiscard]] std::string preparation(const Start& start) const override;
  [[nodiscard]] std::vector<Checkpoint> smaller_checkpoints(const Model& model) const override;
  [[nodiscard]] std::span<const RuleInfo> rules() const override;
  [[nodiscard]] std::span<const RemarkInfo> remarks() const override;

 private:
  MemoryOverheads overheads_;
};

}  // namespace headroom::llama_cpp
