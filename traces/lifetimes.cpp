#include "traces/lifetimes.hpp"

#include "sim/core/assert.hpp"

#include <boost/random/lognormal_distribution.hpp>
#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace headroom {
namespace {

class WithLifetimes final : public TaskReader {
 public:
  WithLifetimes(std::unique_ptr<TaskReader> tasks, std::optional<LifetimeModel> model,
                std::uint64_t seed, RowRules rules)
      : tasks_(std::move(tasks)),
        model_(model),
        random_(random_stream(seed, "trace-lifetimes")),
        rules_(std::move(rules)) {}

  Result<std::optional<TraceTask>> next() override {
    while (true) {
      HEADROOM_TRY(auto task, tasks_->next());
      if (!task || task->lifetime) return task;
      auto lifetime =
          model_ ? draw_lifetime(*model_, random_) : lifetime_of(*task, tasks_->place());
      if (lifetime) {
        task->lifetime = *lifetime;
        return task;
      }
      if (!rules_.pass_over(lifetime.error(), true)) {
        return tl::unexpected<Error>(std::move(lifetime).error());
      }
    }
  }

  [[nodiscard]] SourcePlace place() const override { return tasks_->place(); }

 private:
  std::unique_ptr<TaskReader> tasks_;
  std::optional<LifetimeModel> model_;
  RandomStream random_;
  RowRules rules_;
};

}  // namespace

Result<Duration> draw_lifetime(const LifetimeModel& model, RandomStream& random) {
  if (model.sigma == 0.0) return model.median;
  boost::random::lognormal_distribution<double> lengths(std::log(to_seconds(model.median)),
                                                        model.sigma);
  return duration_from_seconds(lengths(random));
}

Result<Duration> lifetime_of(const TraceTask& task, const SourcePlace& place) {
  if (task.lifetime) return *task.lifetime;
  return fail(fmt::format("the trace does not say how long '{}' ran", task.name), place,
              "give such tasks a generated lifetime: lifetime_median_s = 14400 in [workload], with "
              "lifetime_sigma for its spread");
}

std::unique_ptr<TaskReader> with_lifetimes(std::unique_ptr<TaskReader> tasks,
                                           std::optional<LifetimeModel> model, std::uint64_t seed,
                                           const RowRules& rules) {
  HEADROOM_ASSERT(tasks != nullptr, "lifetimes without a reader");
  return std::make_unique<WithLifetimes>(std::move(tasks), model, seed, rules);
}

}  // namespace headroom
