#pragma once
// Sorting more records than fit in memory: chunks are sorted and written to temporary files, then
// merged. Stable: records of equal keys keep the order they were added in.

#include "sim/core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace headroom {

struct SortRecord {
  std::int64_t key = 0;
  std::string payload;
};

class ExternalSort {
 public:
  /// Keeps up to about `memory` bytes of records (64 KiB at least); beyond, sorted chunks go to
  /// files in `folder` that have no name any more, so that nothing is left whatever happens.
  /// Without a folder they go to the system's temporary one.
  explicit ExternalSort(std::size_t memory, std::filesystem::path folder = {});
  ~ExternalSort();
  ExternalSort(const ExternalSort&) = delete;
  ExternalSort& operator=(const ExternalSort&) = delete;

  /// Error: a temporary file cannot be made or written.
  [[nodiscard]] Status add(std::int64_t key, std::string_view payload);
  /// After the last add(), before the first next().
  [[nodiscard]] Status finish();
  /// The records by (key, order of adding); nullopt after the last.
  [[nodiscard]] Result<std::optional<SortRecord>> next();

  /// How many chunks were written to files so far (0: all fitted in memory).
  [[nodiscard]] std::size_t chunks_written() const { return chunks_written_; }

 private:
  struct Memory;
  struct Merge;
  class Chunk;

  Status spill();
  Status merge_chunks();

  std::size_t limit_;
  std::unique_ptr<Memory> memory_;
  std::unique_ptr<Merge> merge_;
  std::filesystem::path folder_;
  std::size_t chunks_written_ = 0;
};

}  // namespace headroom
