#include "sim/observe/series.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace headroom {

Result<std::unique_ptr<Series>> Series::open(const std::filesystem::path& file, Duration interval) {
  std::FILE* handle = std::fopen(file.c_str(), "wb");
  if (handle == nullptr) {
    return fail(fmt::format("cannot write this file: {}", std::strerror(errno)), {file.string()});
  }
  fmt::print(handle, "time_s,gpus_held,idle_gpus,waiting,starting,running\n");
  return std::unique_ptr<Series>(new Series(handle, file, interval));
}

void Series::elapsed(SimTime from, SimTime to, const SystemState& state) {
  if (!next_) next_ = from;
  while (*next_ < to) {
    fmt::print(file_.get(), "{},{}.{:03},{},{},{},{}\n", seconds_text(*next_),
               state.milli_held / 1000, state.milli_held % 1000, state.idle_gpus, state.waiting,
               state.starting, state.running);
    // After the last row that the clock can hold there is none.
    next_ = *next_ > SimTime::max() - interval_ ? SimTime::max() : *next_ + interval_;
  }
}

Status Series::close() {
  const bool bad = std::ferror(file_.get()) != 0;
  if (std::fclose(file_.release()) != 0 || bad) {
    return fail("writing this file failed: is the disk full?", {path_.string()});
  }
  return {};
}

}  // namespace headroom
