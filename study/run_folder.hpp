#pragma once
// The folder of a run's files: filled under a temporary name, renamed when all is there. What fails
// or is killed half-way leaves nothing under the final name.
//
// The temporary folder is .NAME.partial-PID beside the final one, and locked (flock) as long as its
// process lives. One that a killed process left is removed by the next run into the same name.

#include "sim/core/result.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace headroom {

/// Of a whole study.
inline constexpr std::string_view kResultFile = "result.json";
inline constexpr std::string_view kWallClockFile = "wall_clock.json";

/// Of each run in it: what its names begin and end with.
struct RunFile {
  std::string_view prefix;
  std::string_view suffix;
  /// `run`: the policy, and the seed where there are several.
  [[nodiscard]] std::string of(std::string_view run) const;
  [[nodiscard]] bool matches(std::string_view name) const;
};
inline constexpr RunFile kSeriesFile{"series-", ".csv"};
inline constexpr RunFile kDecisionsFile{"decisions-", ".jsonl.gz"};
inline constexpr RunFile kStateFile{"state-", ".json"};

/// Whether headroom writes files of this name: a folder of others is not replaced.
[[nodiscard]] bool is_result_file(std::string_view name);

class RunFolder {
 public:
  /// Makes the temporary folder beside `target`, and removes those for the same `target` whose
  /// process is gone. Error: `target` is there and not empty (unless `replace`, and it holds a
  /// result of headroom), or cannot be made.
  [[nodiscard]] static Result<std::unique_ptr<RunFolder>> create(
      const std::filesystem::path& target, bool replace);
  /// Removes what was not committed.
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return temporary_; }
  [[nodiscard]] Status write(const std::string& name, std::string_view content) const;
  /// Renames to the final name. Error: somebody has put files there in the meantime, or the rename
  /// fails.
  [[nodiscard]] Status commit();

 private:
  RunFolder(std::filesystem::path target, std::filesystem::path temporary, int lock, bool replace)
      : target_(std::move(target)),
        temporary_(std::move(temporary)),
        lock_(lock),
        replace_(replace) {}
  std::filesystem::path target_;
  std::filesystem::path temporary_;
  int lock_;  // descriptor of temporary_, locked; -1 where the file system has no locks
  bool replace_;
};

}  // namespace headroom
