#pragma once
// What must hold of any row that a reader gives, for the mutation test and the fuzzers: no test
// framework here, a broken promise ends the program.

#include "sim/core/assert.hpp"
#include "traces/formats.hpp"
#include "traces/limits.hpp"
#include "traces/token_formats.hpp"

#include <algorithm>
#include <filesystem>
#include <string_view>

namespace headroom::test {

inline void check_row(const TraceTask& task) {
  const bool sound =
      task.gpus >= 0 && task.gpus <= kMaxTaskGpus && task.milli >= 1 && task.milli <= 1000 &&
      (task.gpus == 1 || task.milli == 1000) && task.cpu_milli >= 0 &&
      task.cpu_milli <= kMaxCpuMilli && task.ram >= 0 && task.ram <= kMaxRam &&
      (!task.lifetime || (*task.lifetime >= Duration::zero() && *task.lifetime <= kMaxInputTime)) &&
      (!task.declared || (*task.declared >= Duration::zero() && *task.declared <= kMaxInputTime)) &&
      std::is_sorted(task.gpu_types.begin(), task.gpu_types.end()) && !task.name.empty();
  HEADROOM_ASSERT(sound, "a task out of its bounds");
}

inline void check_row(const TokenRequest& request) {
  const bool sound = request.input_tokens >= 0 && request.input_tokens <= kMaxTokens &&
                     request.output_tokens >= 0 && request.output_tokens <= kMaxTokens &&
                     (!request.duration || *request.duration >= Duration::zero());
  HEADROOM_ASSERT(sound, "a request out of its bounds");
}

inline void check_row(const Request& request) {
  HEADROOM_ASSERT(request.lifetime >= Duration::zero() && !request.name.empty(),
                  "a request out of its bounds");
}

template <class Reader>
bool check_all(Result<std::unique_ptr<Reader>> reader) {
  SimTime last{};
  while (reader) {
    const auto row = (*reader)->next();
    if (!row) {
      HEADROOM_ASSERT(!row.error().message.empty(), "an error without a text");
      return false;
    }
    if (!*row) return true;
    check_row(**row);
    HEADROOM_ASSERT((*row)->arrival >= last, "a row before the one above");
    last = (*row)->arrival;
  }
  HEADROOM_ASSERT(!reader.error().message.empty(), "an error without a text");
  return false;
}

/// Reads a file to its end as this format. False where it ended in an error.
inline bool check_rows(std::string_view format, const std::filesystem::path& file,
                       const RowRules& rules) {
  if (const TokenFormat* tokens = find_token_format(format)) {
    return check_all(tokens->open(file, rules));
  }
  const auto tasks = find_task_format(format);
  HEADROOM_ASSERT(tasks.has_value(), "there is no such format");
  if ((*tasks)->open_requests != nullptr) (void)check_all((*tasks)->open_tasks(file, rules));
  return (*tasks)->open_requests != nullptr ? check_all((*tasks)->open_requests(file, rules))
                                            : check_all((*tasks)->open_tasks(file, rules));
}

}  // namespace headroom::test
