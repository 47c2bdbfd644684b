// gpustack, gpustack-0.6, gpustack-0.4: what GPUStack's scheduler places, today (gpustack/gpustack
// commit 47277d79), at v0.6.2 and before its first check of attention heads (docs/gpustack.md).
//
// Options (scenario table [policy.NAME]):
//   strategy = "spread" | "binpack"   which candidate wins; GPUStack's own default is spread
//   parameters = ["--NAME=VALUE"]     of the engine, as a user gives them with a model
//   distributed = true | false        several workers may serve one model (not of 0.4)
//   select = "none" | "all"           GPUs chosen by hand: every GPU of the cluster (today's
//   alone), gpus_per_replica = N              of which each deployment gets so many

#include "policies/builtin.hpp"
#include "policies/gpustack/claim.hpp"
#include "policies/gpustack/gpu_count.hpp"
#include "policies/gpustack/parameter_limits.hpp"
#include "policies/gpustack/selector.hpp"
#include "policies/gpustack/simulated.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

namespace headroom {
namespace {

using namespace gpustack;

struct GpustackOptions {
  std::string name;
  Version version{};
  Strategy strategy = Strategy::spread;
  std::vector<std::string> parameters;
  bool across_workers = true;
  bool select_all = false;
  int gpus_per_replica = 0;
};

class Gpustack final : public Placer {
 public:
  Gpustack(const PlacerContext& context, GpustackOptions options)
      : context_(context), options_(std::move(options)) {
    const bool sglang = context.plans.engine().name().starts_with("sglang");
    if (sglang && options_.version == Version::today) backend_ = Backend::sglang;
    utilisation_ppm_ = started_utilisation(Parameters(options_.parameters), backend_);
    for (const NodeShape& shape : context.cluster.shapes) {
      for (const GpuTypeId type : shape.gpus) mixed_nodes_ |= type != shape.gpus.front();
    }
  }

  [[nodiscard]] std::string_view name() const override { return options_.name; }
  [[nodiscard]] bool takes(RequestKind kind) const override { return kind == RequestKind::llm; }

  [[nodiscard]] Decision place(const PlacementRequest& request, const Cluster& cluster,
                               std::vector<PassedOver>* log) override {
    Answer answer = look_again(request, cluster);
    if (log != nullptr) *log = reasons_of(answer);
    if (answer.place) return std::move(*answer.place);
    const Answer& empty = on_empty_cluster(request.shape);
    // Candidates that cannot be laid out say why; none at all, on a cluster that would have some
    // if it were empty, is want of room.
    if (empty.place) return NotNow{answer.nothing_found ? "no_room" : answer.reason};
    if (empty.nothing_found && needs_room()) return Never{empty.reason};
    return NotNow{empty.reason};
  }

 private:
  struct Answer {
    std::optional<Place> place;
    std::string reason;  // where there is no place
    std::vector<Fact> told;
    std::vector<PassedOver> not_laid_out;
    bool nothing_found = false;  // no candidate at all, on any worker
  };

  static std::vector<PassedOver> reasons_of(const Answer& answer) {
    std::vector<PassedOver> out;
    out.reserve(answer.told.size() + answer.not_laid_out.size());
    for (const Fact& fact : answer.told) {
      out.push_back({std::string(code_of(fact.kind)), text_of(fact), kTold});
    }
    out.insert(out.end(), answer.not_laid_out.begin(), answer.not_laid_out.end());
    return out;
  }

  // Whether a search that failed can succeed only by more room: not so where mixed cards or
  // SGLang's groups of GPUs with equal memory decide.
  [[nodiscard]] bool needs_room() const {
    return !mixed_nodes_ && backend_ == Backend::vllm && !options_.select_all;
  }

  // A look among freed nodes finds what a look everywhere would find, where the last look found
  // nothing for want of room. Where it found what cannot be laid out, less room may be a way out;
  // and so it may where the user gave sizes, which must come out exactly.
  Answer look_again(const PlacementRequest& request, const Cluster& cluster) {
    const InternedShape& shape = request.shape;
    const bool among_freed = needs_room() && nothing_found_.contains(shape.id) &&
                             !user_sizes(ask_of(shape).parameters, backend_).any();
    Answer answer = look(shape, cluster, among_freed ? request.freed : std::nullopt);
    if (!answer.place && answer.nothing_found) {
      nothing_found_.insert(shape.id);
    } else if (!answer.place) {
      nothing_found_.erase(shape.id);
    }
    return answer;
  }

  Answer look(const InternedShape& shape, const Cluster& cluster, const RoomSearch::Freed& nodes) {
    if (nodes && nodes->empty()) return {{}, "no_room", {}, {}, true};
    const Ask& ask = ask_of(shape);
    if (!options_.select_all) {
      Answer one = choose(shape, ask, workers_of(cluster, shape, {1, 1, nodes}), false);
      if (!one.nothing_found || !options_.across_workers) return one;
      if (options_.version == Version::v0_4) return one;
    }
    // No candidate spans more workers than the plan space has stages.
    const int most = context_.plans.limits().max_pp + 1;
    if (nodes && !any_whole(shape, workers_of(cluster, shape, {1, 2, nodes}))) {
      return {{}, "no_room", {}, {}, true};
    }
    return choose(shape, ask, workers_of(cluster, shape, {most, 2}), options_.across_workers);
  }

  // Whether any of these workers could join others: nothing of its GPUs is held.
  [[nodiscard]] bool any_whole(const InternedShape& shape, const SimulatedWorkers& view) {
    const double fraction = vllm_fraction(ask_of(shape));
    return std::any_of(view.workers.begin(), view.workers.end(), [&](const WorkerView& worker) {
      return std::all_of(worker.gpus.begin(), worker.gpus.end(),
                         [&](const GpuView& gpu) { return gpu.free_share() >= fraction; });
    });
  }

  Answer choose(const InternedShape& shape, Ask ask, const SimulatedWorkers& view, bool across) {
    ask.across_workers = across;
    if (options_.select_all) select_all(view, ask);
    Selection selection = select(backend_, options_.version, view.workers, ask);
    Answer answer;
    answer.told = std::move(selection.facts);
    answer.nothing_found = selection.candidates.empty();
    if (selection.error) {
      answer.reason = code_of(selection.error->kind);
      answer.told.push_back(std::move(*selection.error));
      return answer;
    }
    answer.reason = reason_of(answer.told);
    auto& candidates = selection.candidates;
    score(candidates, options_.strategy, counts_on(view, candidates));
    take_best(shape, ask, view, std::move(candidates), answer);
    return answer;
  }

  // The best candidate that can be laid out.
  void take_best(const InternedShape& shape, const Ask& ask, const SimulatedWorkers& view,
                 std::vector<Candidate> candidates, Answer& answer) const {
    while (const auto best = best_of(candidates)) {
      const Candidate& candidate = candidates[*best];
      const auto sizes = launch_sizes(candidate, ask.parameters, backend_);
      std::variant<Layout, std::string> layout = std::string("topology");
      if (sizes) {
        layout =
            layout_of(candidate, view, shape, context_.cluster, *sizes, context_.plans.limits());
      }
      if (auto* found = std::get_if<Layout>(&layout)) {
        found->utilisation_ppm = utilisation_ppm_;
        answer.place =
            Place{std::move(*found),
                  fmt::format("{}, score {:.2f}",
                              options_.strategy == Strategy::spread ? "spread" : "binpack",
                              candidate.score)};
        return;
      }
      answer.reason = std::get<std::string>(layout);
      answer.not_laid_out.push_back(
          {fmt::format("{} GPUs of {}{}", candidate.main.gpus.size(), candidate.main.worker->name,
                       candidate.subordinates.empty() ? "" : " with other workers"),
           answer.reason});
      candidates.erase(candidates.begin() + static_cast<std::ptrdiff_t>(*best));
    }
  }

  static void select_all(const SimulatedWorkers& view, Ask& ask) {
    for (const WorkerView& worker : view.workers) {
      for (const GpuView& gpu : worker.gpus) {
        ask.selected.push_back({worker.name, gpu.type, gpu.index});
      }
    }
  }

  // A size that does not divide is what a person asks for first, then what the last step lacked.
  static std::string reason_of(const std::vector<Fact>& facts) {
    const auto sizes = std::find_if(facts.begin(), facts.end(), [](const Fact& fact) {
      return fact.kind == FactKind::heads || fact.kind == FactKind::vision_heads ||
             fact.kind == FactKind::vocabulary;
    });
    if (sizes != facts.end()) return std::string(code_of(sizes->kind));
    return facts.empty() ? "no_room" : std::string(code_of(facts.back().kind));
  }

  // What is not placed here is not for want of room.
  const Answer& on_empty_cluster(const InternedShape& shape) {
    const auto known = on_empty_.find(shape.id);
    if (known != on_empty_.end()) return known->second;
    return on_empty_.emplace(shape.id, look(shape, context_.plans.empty_cluster(), std::nullopt))
        .first->second;
  }

  const Ask& ask_of(const InternedShape& shape) {
    const auto known = asks_.find(shape.gpu_shape);
    if (known != asks_.end()) return known->second;
    Ask ask = ask_for(shape.shape.llm(), options_.version, backend_, options_.parameters);
    if (options_.gpus_per_replica > 0) ask.gpus_per_replica = options_.gpus_per_replica;
    return asks_.emplace(shape.gpu_shape, std::move(ask)).first->second;
  }

  PlacerContext context_;
  GpustackOptions options_;
  Backend backend_ = Backend::vllm;
  std::optional<std::int64_t> utilisation_ppm_;  // where the parameters set it
  bool mixed_nodes_ = false;
  std::unordered_set<ShapeId> nothing_found_;     // by the last look that found no place
  std::unordered_map<ShapeId, Ask> asks_;         // by gpu_shape
  std::unordered_map<ShapeId, Answer> on_empty_;  // by shape
};

GpustackOptions common_options(std::string name, Version version, const ConfigTable& options) {
  static const std::array<std::string, 2> strategies = {"spread", "binpack"};
  GpustackOptions out;
  out.name = std::move(name);
  out.version = version;
  if (options.choice_or("strategy", strategies, "spread") == "binpack") {
    out.strategy = Strategy::binpack;
  }
  out.parameters = options.texts_or("parameters", {});
  if (const auto bad = bad_parameter(Parameters(out.parameters))) {
    options.reject("parameters", "'parameters': " + *bad);
    out.parameters.clear();
  }
  if (version != Version::v0_4) out.across_workers = options.flag_or("distributed", true);
  return out;
}

}  // namespace

std::unique_ptr<Placer> make_gpustack(const PlacerContext& context, const ConfigTable& options) {
  static const std::array<std::string, 2> selections = {"none", "all"};
  GpustackOptions parsed = common_options("gpustack", Version::today, options);
  parsed.select_all = options.choice_or("select", selections, "none") == "all";
  parsed.gpus_per_replica =
      static_cast<int>(options.integer_or("gpus_per_replica", {0, 100'000}, 0));
  if (parsed.select_all && parsed.gpus_per_replica == 0) {
    options.reject("select", "GPUs are selected, but not how many of them a deployment gets",
                   "gpus_per_replica = N");
  }
  if (!parsed.select_all && parsed.gpus_per_replica > 0) {
    options.reject("gpus_per_replica", "GPUs per replica are of a selection by hand",
                   "select = \"all\"");
  }
  return std::make_unique<Gpustack>(context, std::move(parsed));
}

std::unique_ptr<Placer> make_gpustack_0_6(const PlacerContext& context,
                                          const ConfigTable& options) {
  return std::make_unique<Gpustack>(context,
                                    common_options("gpustack-0.6", Version::v0_6, options));
}

std::unique_ptr<Placer> make_gpustack_0_4(const PlacerContext& context,
                                          const ConfigTable& options) {
  return std::make_unique<Gpustack>(context,
                                    common_options("gpustack-0.4", Version::v0_4, options));
}

}  // namespace headroom
