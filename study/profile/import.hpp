#pragma once
// Profiles from tables that others published: docs/profile.md says which, and how a row is read.

#include "study/profile/profile.hpp"
#include "traces/csv.hpp"

#include <cstddef>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::profile {

struct ImportOptions {
  std::vector<std::filesystem::path> files;
  std::string gpu;  // as profiles shall name it; "" = by the name of the first file
  Text source_name;
  Text license;
  Text location;
};

struct Imported {
  Profile profile;
  std::size_t other_gpus = 0;  // rows about other GPUs, which were passed over
};

/// Error: as CsvReader, a table of a kind that is not read, a value that is none of its column's, a
/// point that stands twice, no row for the GPU, or a GPU that nobody names.
[[nodiscard]] Result<Imported> import_tables(const ImportOptions& options);

/// What table kinds add their rows to.
struct ImportTarget {
  Imported imported;
  std::set<std::string> keys = {};  // of what is there

  /// Error: the key is there already.
  [[nodiscard]] Status claim(const std::string& key, const SourcePlace& place);
};

/// A kind of table, known by its columns.
struct TableKind {
  std::string name;
  std::vector<std::string> columns;
  Status (*read)(CsvReader& rows, ImportTarget& to);
};

// One a file: import_attention.cpp, import_collectives.cpp.
[[nodiscard]] const TableKind& context_attention_table();
[[nodiscard]] const TableKind& generation_attention_table();
[[nodiscard]] const TableKind& collectives_table();

// Fields of a row, as several kinds of table have them.

/// "bfloat16", "float16", "half", "fp8". Error: another.
[[nodiscard]] Result<Type> type_field(const CsvReader& rows, std::size_t column);
/// Milliseconds as microseconds. Error: none, or 0.
[[nodiscard]] Result<double> latency_us(const CsvReader& rows, std::size_t column);
/// Whether a word of a GPU's name ("NVIDIA H200", "H100-80GB") is that of a table ("h200").
[[nodiscard]] bool names_gpu(std::string_view name, std::string_view in_table);

}  // namespace headroom::profile
