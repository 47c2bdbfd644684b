#pragma once
// Batsim's backfilling schedules as a second opinion on ours: the same jobs on as many machines,
// compared start by start (docs/validation.md).
//
// Batsim's schedulers (batsched) keep a list of time slices, each with the machines that are free
// in it, and give a job the lowest-numbered of those that are free in all of its slices. That is
// queue.reserve = "machines". Under the usual rule, which counts GPUs, a job may start earlier: as
// many machines are free as it needs, but not the same ones for as long as it needs them.

#include "sim/core/result.hpp"
#include "sim/core/units.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace headroom {

struct BatsimJob {
  std::string name;
  SimTime arrival{};
  std::int64_t machines = 0;
  Duration declared{};  // its walltime
  Duration lasts{};
  SimTime starts{};  // in Batsim
};

/// Jobs of a Batsim `out_jobs.csv`, by arrival. Error: a column that is missing, a value out of
/// range, a job that was killed at its walltime or needs no machine; no job at all.
[[nodiscard]] Result<std::vector<BatsimJob>> read_batsim_jobs(const std::filesystem::path& file);

/// A job that starts otherwise.
struct BatsimDifference {
  std::string name;
  SimTime batsim{};
  SimTime ours{};
  /// The rule that makes the difference; empty where none is known.
  std::string why;
};

struct BatsimReport {
  std::string queue;
  std::int64_t machines = 0;
  std::size_t jobs = 0;
  Duration mean_wait{};           // in Batsim
  Duration mean_wait_machines{};  // ours, reserving machines
  Duration mean_wait_gpus{};      // ours, counting GPUs
  std::vector<BatsimDifference> reserving_machines;
  std::vector<BatsimDifference> counting_gpus;

  /// Differences that no rule explains.
  [[nodiscard]] std::size_t unexplained() const;
};

/// Error: of read_batsim_jobs; a queue other than easy and conservative; a job that needs more
/// machines than there are.
[[nodiscard]] Result<BatsimReport> reproduce_batsim(const std::filesystem::path& file,
                                                    const std::string& queue,
                                                    std::int64_t machines);

[[nodiscard]] std::string batsim_text(const BatsimReport& report);
/// Schema headroom.reproduce_batsim: docs/validation.md.
[[nodiscard]] std::string batsim_json(const BatsimReport& report);

}  // namespace headroom
