#pragma once
// All-reduce between the GPUs of a machine by NCCL, where that is there: what tensor parallelism
// adds to each layer.

#include "bench/attention/library.hpp"
#include "sim/core/result.hpp"
#include "study/profile/profile.hpp"

#include <memory>
#include <string>
#include <vector>

namespace headroom::bench {

class Nccl {
 public:
  /// Error: there is no NCCL 2, or it has not what is used here.
  [[nodiscard]] static Result<std::unique_ptr<Nccl>> open();
  ~Nccl();
  Nccl(const Nccl&) = delete;
  Nccl& operator=(const Nccl&) = delete;

  /// NCCL's version, as "2.28.9".
  [[nodiscard]] std::string version() const;

  /// All-reduce of bf16 between the first so many GPUs, each of 1 KiB to 256 MiB: the median over
  /// replays of a captured graph of the time of the slowest GPU for each call. The current device
  /// is the same afterwards. It has never run. Error: what failed, or a wrong sum.
  [[nodiscard]] Result<std::vector<profile::Collective>> measure_all_reduce(int gpus) const;

  struct Functions;

 private:
  explicit Nccl(std::unique_ptr<Functions> functions);

  std::unique_ptr<Functions> functions_;
};

}  // namespace headroom::bench
