#pragma once
// Profiles from tables that others published: docs/profile.md says which, and how a row is read.

#include "study/profile/point_key.hpp"
#include "study/profile/profile.hpp"
#include "traces/csv.hpp"

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
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
  std::size_t other_gpus = 0;                   // rows about other GPUs, which were passed over
  std::map<std::string, std::size_t> left_out;  // other rows that were, by what they are
};

/// Error: as CsvReader, a table of a kind that is not read, a value that is none of its column's, a
/// point that stands twice, no row for the GPU, or a GPU that nobody names.
[[nodiscard]] Result<Imported> import_tables(const ImportOptions& options);

/// What table kinds add their rows to.
struct ImportTarget {
  Imported imported;
  std::set<std::string> keys = {};        // of what is there
  std::set<std::string> other_gpus = {};  // that tables have rows about

  /// Error: the key is there already.
  [[nodiscard]] Status claim(const std::string& key, const SourcePlace& place);
  /// Whether a table's name for a GPU is that of the profile's; counts the row where it is not.
  [[nodiscard]] bool is_of_gpu(const std::string& in_table);
  void leave_out(const std::string& what) { ++imported.left_out[what]; }
};

/// A kind of table, known by its columns.
struct TableKind {
  std::string name;
  std::vector<std::string> columns;
  Status (*read)(CsvReader& rows, ImportTarget& to);
};

/// Adds every row, as `read` makes it, to `list`. With `gpu_column` rows about other GPUs are read,
/// counted and left out. Error: of a row, or one that stands twice.
template <class Row, class Read>
[[nodiscard]] Status add_rows(CsvReader& rows, ImportTarget& to, std::vector<Row>& list, Read read,
                              std::optional<std::size_t> gpu_column = {}) {
  while (true) {
    HEADROOM_TRY(const bool more, rows.next());
    if (!more) return {};
    HEADROOM_TRY(Row row, read());
    if (gpu_column && !to.is_of_gpu(rows.field(*gpu_column))) continue;
    HEADROOM_CHECK(to.claim(key_of(row), rows.place()));
    list.push_back(std::move(row));
  }
}

// One a file: import_attention.cpp, import_collectives.cpp and so on.
[[nodiscard]] const TableKind& context_attention_table();
[[nodiscard]] const TableKind& generation_attention_table();
[[nodiscard]] const TableKind& collectives_table();
[[nodiscard]] const TableKind& network_table();
[[nodiscard]] const TableKind& matmuls_table();
[[nodiscard]] const TableKind& context_latent_table();
[[nodiscard]] const TableKind& generation_latent_table();
[[nodiscard]] const TableKind& deployments_table();
[[nodiscard]] const TableKind& repeated_serving_table();

// Fields of a row, as several kinds of table have them.

/// "bfloat16", "float16", "half", "fp8". Error: another.
[[nodiscard]] Result<Type> type_field(const CsvReader& rows, std::size_t column);
/// A name of kCollectiveOps. Error: another.
[[nodiscard]] Result<CollectiveOp> collective_op_field(const CsvReader& rows, std::size_t column);
/// Milliseconds. Error: none, or 0.
[[nodiscard]] Result<Duration> latency_field(const CsvReader& rows, std::size_t column);
/// As above, in microseconds.
[[nodiscard]] Result<double> latency_us(const CsvReader& rows, std::size_t column);
/// The first word, in capitals: "A100" of "a100_dgx"; "" where there is none.
[[nodiscard]] std::string first_word(std::string_view text);
/// Whether the first word of a table's name for a GPU ("h200", "a100-80gb") is a word of a GPU's
/// name ("NVIDIA H200", "A100-80GB"), and both have the same memory where both name it.
[[nodiscard]] bool names_gpu(std::string_view name, std::string_view in_table);

}  // namespace headroom::profile
