#include "study/profile/import.hpp"

#include "sim/hardware/gpu_type.hpp"
#include "study/input_file.hpp"
#include "traces/line_reader.hpp"
#include "traces/shown.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <headroom_version.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace headroom::profile {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNote =
    "times as published, taken as those of replays; flops, bytes and scores are counted";

const std::array<const TableKind*, 9>& kinds() {
  static const std::array<const TableKind*, 9> kAll = {
      &context_attention_table(), &generation_attention_table(),
      &collectives_table(),       &network_table(),
      &matmuls_table(),           &context_latent_table(),
      &generation_latent_table(), &deployments_table(),
      &repeated_serving_table()};
  return kAll;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

/// Words of letters and digits, in capitals.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : upper(text)) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

/// "H200" of "h200_context_attention.csv", where the catalogue has such a GPU; else "".
std::string gpu_in_name(const fs::path& file) {
  const std::vector<std::string> words = words_of(file.filename().string());
  if (words.empty()) return "";
  const auto catalogue = gpu_catalogue();
  const bool known = std::any_of(catalogue.begin(), catalogue.end(), [&](const GpuType& gpu) {
    return words_of(gpu.name).front() == words.front();
  });
  return known ? words.front() : "";
}

Result<std::string> gpu_name(const ImportOptions& options) {
  if (!options.gpu.empty()) return options.gpu;
  std::string found;
  for (const fs::path& file : options.files) {
    const std::string name = gpu_in_name(file);
    if (name.empty()) continue;
    if (!found.empty() && name != found) {
      return fail(fmt::format("this file is of {}, one before it of {}", name, found),
                  {file.string()}, "a profile is of one GPU: import them apart, or give --gpu");
    }
    found = name;
  }
  if (!found.empty()) return found;
  return fail("the files' names do not begin with a GPU of `headroom gpus`", {"--gpu"},
              "say which it is: --gpu H200");
}

/// Error: nothing there, or nothing that is read from its beginning more than once.
Status check_file(const fs::path& file) {
  std::error_code code;
  const fs::file_type type = fs::status(file, code).type();
  if (type == fs::file_type::not_found) {
    return fail("there is no such file", {file.string()}, "a table is wanted (CSV, or its .gz)");
  }
  if (type == fs::file_type::directory) {
    return fail("this is a folder, not a table", {file.string()}, "name one file in it");
  }
  if (code || type == fs::file_type::regular) return {};  // opening it says why it cannot be read
  return fail("this is a pipe or a device, but a table is read more than once", {file.string()},
              "write it to a file first, and name that");
}

Result<const TableKind*> kind_of(const fs::path& file) {
  HEADROOM_CHECK(check_file(file));
  HEADROOM_TRY(auto lines, LineReader::open(file));
  HEADROOM_TRY(const auto header, lines.next_nonblank());
  std::vector<std::string> known;
  for (const TableKind* kind : kinds()) {
    if (header && has_columns(*header, kind->columns)) return kind;
    known.push_back(fmt::format("{} ({})", kind->name, fmt::join(kind->columns, ",")));
  }
  return fail(fmt::format("these columns are of no table that is taken: '{}'",
                          header ? shown(*header, 200) : ""),
              lines.place(), fmt::format("taken are {}", fmt::join(known, "; ")));
}

/// "80GB" of the words of "A100-80GB"; "" where no memory is named.
std::string memory_word(const std::vector<std::string>& words) {
  const auto found = std::find_if(words.begin(), words.end(), [](const std::string& word) {
    return word.size() > 2 && word.ends_with("GB") &&
           std::isdigit(static_cast<unsigned char>(word.front())) != 0;
  });
  return found == words.end() ? "" : *found;
}

std::size_t rows_of(const Profile& p) {
  return p.attention.size() + p.collectives.size() + p.matmuls.size() + p.latent_attention.size() +
         p.served.size();
}

}  // namespace

Status ImportTarget::claim(const std::string& key, const SourcePlace& place) {
  if (keys.insert(key).second) return {};
  return fail(fmt::format("'{}' stands twice", shown(key, 160)), place,
              "a profile has each point once");
}

bool ImportTarget::is_of_gpu(const std::string& in_table) {
  if (names_gpu(imported.profile.device.name, in_table)) return true;
  ++imported.other_gpus;
  other_gpus.insert(shown(in_table));
  return false;
}

std::string first_word(std::string_view text) {
  const std::vector<std::string> words = words_of(text);
  return words.empty() ? "" : words.front();
}

bool names_gpu(std::string_view name, std::string_view in_table) {
  const std::vector<std::string> words = words_of(name);
  const std::vector<std::string> wanted = words_of(in_table);
  if (wanted.empty()) return false;
  if (std::find(words.begin(), words.end(), wanted.front()) == words.end()) return false;
  const std::string memory = memory_word(words);
  const std::string wanted_memory = memory_word(wanted);
  return memory.empty() || wanted_memory.empty() || memory == wanted_memory;
}

Result<Type> type_field(const CsvReader& rows, std::size_t column) {
  static const std::array<std::pair<std::string_view, Type>, 7> kKnown = {{{"bfloat16", Type::bf16},
                                                                           {"bf16", Type::bf16},
                                                                           {"float16", Type::fp16},
                                                                           {"fp16", Type::fp16},
                                                                           {"half", Type::fp16},
                                                                           {"fp8", Type::fp8},
                                                                           {"float8", Type::fp8}}};
  const std::string& text = rows.field(column);
  for (const auto& [name, type] : kKnown) {
    if (name == text) return type;
  }
  return fail(fmt::format("the type '{}' is not known", shown(text)), rows.place(column),
              "one of bfloat16, float16, half and fp8");
}

Result<CollectiveOp> collective_op_field(const CsvReader& rows, std::size_t column) {
  const std::string& text = rows.field(column);
  const auto found = std::find(kCollectiveOps.begin(), kCollectiveOps.end(), text);
  if (found != kCollectiveOps.end()) {
    return static_cast<CollectiveOp>(found - kCollectiveOps.begin());
  }
  return fail(fmt::format("the operation '{}' is not known", shown(text)), rows.place(column),
              fmt::format("one of {}", fmt::join(kCollectiveOps, ", ")));
}

Result<Duration> latency_field(const CsvReader& rows, std::size_t column) {
  HEADROOM_TRY(const Duration latency, rows.milliseconds(column));
  if (latency <= Duration::zero()) {
    return fail(
        fmt::format("the latency '{}' is not above 0 by a nanosecond", shown(rows.field(column))),
        rows.place(column));
  }
  return latency;
}

Result<double> latency_us(const CsvReader& rows, std::size_t column) {
  HEADROOM_TRY(const Duration latency, latency_field(rows, column));
  return static_cast<double>(latency.count()) / 1e3;
}

Result<Imported> import_tables(const ImportOptions& options) {
  ImportTarget to;
  Profile& profile = to.imported.profile;
  // Whether these are tables comes before whose they are.
  std::vector<const TableKind*> kinds_of_files;
  for (const fs::path& file : options.files) {
    HEADROOM_TRY(const TableKind* kind, kind_of(file));
    kinds_of_files.push_back(kind);
  }
  HEADROOM_TRY(profile.device.name, gpu_name(options));
  profile.source = {true, options.source_name, options.license, options.location, kNote};
  profile.tool.version = HEADROOM_VERSION;
  profile.tool.revision = HEADROOM_REVISION;
  for (std::size_t i = 0; i < options.files.size(); ++i) {
    const fs::path& file = options.files[i];
    const TableKind* kind = kinds_of_files[i];
    HEADROOM_TRY(CsvReader rows, CsvReader::open(file, kind->name, kind->columns));
    const std::size_t before = rows_of(profile);
    HEADROOM_CHECK(kind->read(rows, to));
    if (rows_of(profile) == before) {
      const std::vector<std::string> others(to.other_gpus.begin(), to.other_gpus.end());
      return fail(fmt::format("there is no row for {}", profile.device.name), {file.string()},
                  others.empty() ? "" : "there are rows for " + some_names(others));
    }
  }
  return std::move(to.imported);
}

}  // namespace headroom::profile
