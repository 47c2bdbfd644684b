#include "traces/generate/task_generator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace headroom {
namespace {

/// The draws of one class.
struct ClassDraws {
  Stratified sizes;
  Stratified lifetimes;
  std::vector<double> sizes_upto;
  std::vector<double> replicas_upto;
};

class TaskGenerator final : public TaskReader {
 public:
  TaskGenerator(const GeneratorSpec& spec, std::uint64_t seed)
      : spec_(spec),
        arrivals_(spec_.arrivals, seed),
        classes_(random_stream(seed, "task-classes"), spec_.strata),
        replicas_(random_stream(seed, "task-replicas"), 1) {
    std::vector<double> weights;
    for (std::size_t i = 0; i < spec_.classes.size(); ++i) {
      const TaskClass& one = spec_.classes[i];
      weights.push_back(one.weight);
      draws_.push_back(
          {Stratified(random_stream(seed, fmt::format("task-sizes-{}", i + 1)),
                      one.sizes.size() == 1 ? 1 : one.strata),
           Stratified(random_stream(seed, fmt::format("task-lifetimes-{}", i + 1)), one.strata),
           summed(one.size_weights), summed(one.replica_weights)});
    }
    classes_upto_ = summed(weights);
  }

  Result<std::optional<TraceTask>> next() override {
    if (done_) return std::nullopt;
    if (replica_ == replica_count_) {
      HEADROOM_CHECK(draw());
      if (done_) return std::nullopt;
    }
    ++replica_;
    ++made_;
    if (replica_count_ > 1) task_.name = fmt::format("{}/{}", task_.group, replica_);
    return task_;
  }

 private:
  /// The next task or group; sets done_ at the end.
  Status draw() {
    const std::int64_t wanted = spec_.requests.value_or(kMostGenerated);
    done_ = made_ >= wanted;
    if (done_) return {};
    if (of_moment_ == 0) {
      const auto moment = arrivals_.next(spec_.span.value_or(kMaxInputTime));
      done_ = !moment.has_value();
      if (done_ && !spec_.span) {
        return fail(fmt::format("task {} would arrive after the longest time there is", made_ + 1),
                    {}, "generate fewer requests, or at a higher rate");
      }
      if (done_) return {};
      task_.arrival = moment->at;
      of_moment_ = moment->tasks;
    }
    --of_moment_;
    fill();
    done_ = replica_count_ > wanted - made_;
    return {};
  }

  void fill() {
    const std::size_t index = pick(classes_upto_, classes_.next());
    const TaskClass& one = spec_.classes[index];
    ClassDraws& draws = draws_[index];
    const std::size_t size = one.sizes.size() == 1 ? 0 : pick(draws.sizes_upto, draws.sizes.next());
    const std::size_t replicas =
        one.replicas.size() == 1 ? 0 : pick(draws.replicas_upto, replicas_.next());
    task_.gpus = one.sizes[size].gpus;
    task_.milli = one.sizes[size].milli;
    const double seconds =
        std::min(lifetime_at(one.lifetime, draws.lifetimes.next()), to_seconds(kMaxInputTime));
    task_.lifetime = duration_from_seconds(seconds).value_or(kMaxInputTime);
    task_.cpu_milli = one.cpu_milli;
    task_.ram = one.ram;
    task_.gpu_types = one.gpu_types;
    replica_count_ = one.replicas[replicas];
    replica_ = 0;
    task_.name = fmt::format("task-{}", ++drawn_);
    task_.group = replica_count_ > 1 ? task_.name : std::string();
    task_.group_size = replica_count_;
  }

  const GeneratorSpec spec_;
  ArrivalProcess arrivals_;
  Stratified classes_;
  Stratified replicas_;
  std::vector<ClassDraws> draws_;
  std::vector<double> classes_upto_;
  TraceTask task_;
  std::int64_t of_moment_ = 0;  // tasks or groups of this moment still to come
  int replica_ = 0;
  int replica_count_ = 0;
  std::int64_t drawn_ = 0;  // tasks and groups
  std::int64_t made_ = 0;   // tasks
  bool done_ = false;
};

}  // namespace

Result<std::unique_ptr<TaskReader>> make_task_generator(const GeneratorSpec& spec,
                                                        std::uint64_t seed) {
  if (!spec.requests && !spec.span) {
    return fail(fmt::format("the generator '{}' does not say when to stop", spec.name), {},
                "give 'requests' or 'span_s'");
  }
  return std::make_unique<TaskGenerator>(spec, seed);
}

}  // namespace headroom
