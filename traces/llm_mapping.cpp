#include "traces/llm_mapping.hpp"

#include "sim/core/assert.hpp"
#include "sim/core/int128.hpp"
#include "traces/ended_by_error.hpp"
#include "traces/lifetimes.hpp"

#include <boost/random/uniform_int_distribution.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

namespace headroom {
namespace {

constexpr int kLargestBand = 16;
constexpr int kSplitBand = 8;

class OpaqueSource final : public RequestSource {
 public:
  explicit OpaqueSource(std::unique_ptr<TaskReader> tasks) : tasks_(std::move(tasks)) {}

  Result<std::optional<Request>> next() override {
    HEADROOM_TRY(auto task, tasks_->next());
    if (!task) return std::nullopt;
    HEADROOM_TRY(Request request, as_opaque(std::move(*task), tasks_->place()));
    return request;
  }

  static Result<Request> as_opaque(TraceTask task, const SourcePlace& place) {
    Request request;
    HEADROOM_TRY(request.lifetime, lifetime_of(task, place));
    request.name = std::move(task.name);
    request.arrival = task.arrival;
    request.declared = task.declared;
    request.shape.what = OpaqueTask{task.gpus, task.milli};
    request.shape.cpu_milli = task.cpu_milli;
    request.shape.ram = task.ram;
    request.shape.allowed_gpus = std::move(task.gpu_types);
    request.group = std::move(task.group);
    request.group_size = task.group_size;
    request.tenant = std::move(task.tenant);
    request.priority = task.priority;
    return request;
  }

 private:
  std::unique_ptr<TaskReader> tasks_;
};

class LlmSource final : public RequestSource {
 public:
  LlmSource(std::unique_ptr<TaskReader> trace, Mix mix, std::uint64_t seed,
            std::optional<TokenProfile> tokens)
      : tasks_(std::move(trace)),
        mix_(std::move(mix)),
        draw_(mix_),
        random_(random_stream(seed, "llm-mapping")),
        tokens_(std::move(tokens)),
        windows_(random_stream(seed, "llm-tokens")) {}

  // Draws point into the mix.
  LlmSource(const LlmSource&) = delete;
  LlmSource& operator=(const LlmSource&) = delete;

  Result<std::optional<Request>> next() override {
    if (pieces_.empty()) {
      HEADROOM_TRY(auto task, tasks_->next());
      if (!task) return std::nullopt;
      if (task->gpus == 0) {
        HEADROOM_TRY(Request request, OpaqueSource::as_opaque(std::move(*task), tasks_->place()));
        return request;
      }
      HEADROOM_CHECK(map(*task));
    }
    Request piece = std::move(pieces_.front());
    pieces_.pop_front();
    return piece;
  }

 private:
  struct Drawn {
    const MixEntry* entry = nullptr;
    const TokenWindow* window = nullptr;  // null: the entry's own limits
  };

  Status map(const TraceTask& task) {
    HEADROOM_TRY(const Duration lifetime, lifetime_of(task, tasks_->place()));
    const bool share = task.gpus == 1 && task.milli < 1000;
    const std::vector<int> bands = share ? std::vector{kShareBand} : split_gpus(task.gpus);
    if (task.group.empty() || task.group != drawn_group_) HEADROOM_CHECK(draw(task, bands));
    drawn_group_ = task.group;
    for (const Drawn& drawn : drawn_) pieces_.push_back(deployment(task, lifetime, drawn));
    if (bands.size() > 1) split(task, bands);
    return {};
  }

  /// One entry a band. Replicas of a group are equal tasks, so they share what the first drew.
  Status draw(const TraceTask& task, const std::vector<int>& bands) {
    drawn_.clear();
    for (const int band : bands) {
      const auto entry = draw_.draw(band, random_);
      if (!entry) {
        Error error = entry.error();
        error.message = fmt::format("task '{}': {}", task.name, error.message);
        error.place = tasks_->place();
        return tl::unexpected<Error>(std::move(error));
      }
      drawn_.push_back({*entry, draw_window()});
    }
    return {};
  }

  const TokenWindow* draw_window() {
    if (!tokens_) return nullptr;
    boost::random::uniform_int_distribution<std::size_t> any(0, tokens_->windows.size() - 1);
    return &tokens_->windows[any(windows_)];
  }

  static void set_lengths(const Model& model, const TokenWindow& window, ServingLimits& limits) {
    limits.context = window.context;
    if (model.longest_context > 0) {
      limits.context = std::min(limits.context, model.longest_context);
    }
    limits.sequences = window.sequences;
  }

  static Request deployment(const TraceTask& task, Duration lifetime, const Drawn& drawn) {
    const MixEntry& entry = *drawn.entry;
    LlmDeployment llm;
    llm.model = entry.model;
    llm.limits = entry.limits;
    if (drawn.window != nullptr) set_lengths(*entry.model, *drawn.window, llm.limits);
    llm.allowed_tp = entry.allowed_tp;
    llm.degradations = entry.degradations;
    if (entry.band == kShareBand) {
      llm.shared = true;
      llm.limits.utilisation_ppm = std::max(std::int64_t{task.milli} * 1000, entry.min_u_ppm);
    }
    Request request;
    request.name = task.name;
    request.arrival = task.arrival;
    request.lifetime = lifetime;
    request.declared = task.declared;
    request.shape.what = std::move(llm);
    request.shape.cpu_milli = task.cpu_milli;
    request.shape.ram = task.ram;
    request.shape.allowed_gpus = task.gpu_types;
    request.group = task.group;
    request.group_size = task.group_size;
    request.tenant = task.tenant;
    request.priority = task.priority;
    return request;
  }

  // CPU and RAM go by GPUs; what is left over by rounding is the first piece's.
  void split(const TraceTask& task, const std::vector<int>& bands) {
    std::int64_t cpu_left = task.cpu_milli;
    Bytes ram_left = task.ram;
    for (std::size_t i = 0; i < bands.size(); ++i) {
      Request& piece = pieces_[i];
      piece.name = fmt::format("{}/{}", task.name, i + 1);
      piece.group = task.group.empty() ? task.name : task.group;
      piece.group_size = task.group_size * static_cast<int>(bands.size());
      piece.shape.cpu_milli = mul_div_floor(task.cpu_milli, bands[i], task.gpus);
      piece.shape.ram = mul_div_floor(task.ram, bands[i], task.gpus);
      cpu_left -= piece.shape.cpu_milli;
      ram_left -= piece.shape.ram;
    }
    pieces_.front().shape.cpu_milli += cpu_left;
    pieces_.front().shape.ram += ram_left;
  }

  std::unique_ptr<TaskReader> tasks_;
  const Mix mix_;
  MixDraw draw_;
  RandomStream random_;
  const std::optional<TokenProfile> tokens_;
  RandomStream windows_;
  std::vector<Drawn> drawn_;    // for the last task
  std::string drawn_group_;     // its group
  std::deque<Request> pieces_;  // of the last row, not given out yet
};

}  // namespace

std::unique_ptr<RequestSource> opaque_source(std::unique_ptr<TaskReader> tasks) {
  HEADROOM_ASSERT(tasks != nullptr, "a source without a reader");
  return ended_by_error(std::make_unique<OpaqueSource>(std::move(tasks)));
}

std::unique_ptr<RequestSource> llm_source(std::unique_ptr<TaskReader> tasks, Mix mix,
                                          std::uint64_t seed, std::optional<TokenProfile> tokens) {
  HEADROOM_ASSERT(tasks != nullptr, "a source without a reader");
  return ended_by_error(
      std::make_unique<LlmSource>(std::move(tasks), std::move(mix), seed, std::move(tokens)));
}

std::vector<int> split_gpus(int gpus) {
  HEADROOM_ASSERT(gpus >= 1, "only a task with GPUs can be split");
  std::vector<int> bands;
  int left = gpus;
  for (int band = gpus > kLargestBand ? kSplitBand : kLargestBand; band >= 1; band /= 2) {
    for (; left >= band; left -= band) bands.push_back(band);
  }
  return bands;
}

}  // namespace headroom
