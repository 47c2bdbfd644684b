#pragma once
// The state of the cluster over time, as CSV: one row per interval of simulated time.

#include "sim/core/result.hpp"
#include "sim/observe/observer.hpp"

#include <cstdio>
#include <filesystem>
#include <memory>

namespace headroom {

class Series final : public Observer {
 public:
  /// Columns: time_s, gpus_held (milli / 1000), idle_gpus, waiting, starting, running: the state at
  /// that time. Error: the file cannot be written.
  [[nodiscard]] static Result<std::unique_ptr<Series>> open(const std::filesystem::path& file,
                                                            Duration interval);

  void elapsed(SimTime from, SimTime to, const SystemState& state) override;
  /// Error: a write failed.
  [[nodiscard]] Status close();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  Series(std::FILE* file, std::filesystem::path path, Duration interval)
      : file_(file), path_(std::move(path)), interval_(interval) {}

  std::unique_ptr<std::FILE, Close> file_;
  std::filesystem::path path_;
  Duration interval_;
  std::optional<SimTime> next_;
};

}  // namespace headroom
