#include "traces/external_sort.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <queue>
#include <system_error>
#include <utility>
#include <vector>

namespace headroom {
namespace {

constexpr std::size_t kLeastMemory = std::size_t{1} << 16;
constexpr std::size_t kMostBlockBytes = std::size_t{1} << 18;
constexpr std::size_t kMostChunks = 64;  // open at once; more are merged into one
constexpr std::size_t kBytesOfEntry = 64;

tl::unexpected<Error> disk_error(const std::filesystem::path& folder, const char* what,
                                 std::error_code code = {errno, std::generic_category()}) {
  return fail(fmt::format("cannot {} a temporary file for sorting: {}", what, code.message()),
              {folder.string()}, "set TMPDIR to a folder with room for the trace");
}

}  // namespace

/// A sorted file without a name: records of key, length and payload.
class ExternalSort::Chunk {
 public:
  static Result<Chunk> make(const std::filesystem::path& folder) {
    std::string name = (folder / "headroom-sort-XXXXXX").string();
    const int descriptor = ::mkstemp(name.data());
    if (descriptor < 0) return disk_error(folder, "make");
    ::unlink(name.c_str());
    Chunk chunk(folder);
    chunk.file_.reset(::fdopen(descriptor, "w+b"));
    if (chunk.file_ == nullptr) {
      ::close(descriptor);
      return disk_error(folder, "make");
    }
    return chunk;
  }

  Status write(std::int64_t key, std::string_view payload) {
    const std::array<std::int64_t, 2> head{key, static_cast<std::int64_t>(payload.size())};
    const bool good = std::fwrite(head.data(), sizeof head, 1, file_.get()) == 1 &&
                      std::fwrite(payload.data(), 1, payload.size(), file_.get()) == payload.size();
    if (!good) return disk_error(folder_, "write");
    return {};
  }

  Status rewind() {
    if (std::fflush(file_.get()) != 0 || std::fseek(file_.get(), 0, SEEK_SET) != 0) {
      return disk_error(folder_, "write");
    }
    return {};
  }

  Result<std::optional<SortRecord>> read() {
    std::array<std::int64_t, 2> head{};
    if (std::fread(head.data(), sizeof head, 1, file_.get()) != 1) {
      if (std::ferror(file_.get()) != 0) return disk_error(folder_, "read");
      return std::nullopt;
    }
    SortRecord record;
    record.key = head[0];
    record.payload.resize(static_cast<std::size_t>(head[1]));
    if (std::fread(record.payload.data(), 1, record.payload.size(), file_.get()) !=
        record.payload.size()) {
      return disk_error(folder_, "read");
    }
    return record;
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  explicit Chunk(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::unique_ptr<std::FILE, Close> file_;
  std::filesystem::path folder_;
};

/// Records in memory: payloads in blocks, so that nothing is copied as they grow.
struct ExternalSort::Memory {
  explicit Memory(std::size_t limit) : block_bytes(std::min(kMostBlockBytes, limit / 4)) {}

  struct Entry {
    std::int64_t key;
    std::uint64_t sequence;
    const char* payload;
    std::size_t size;
  };

  void add(std::int64_t key, std::string_view payload) {
    if (payload.size() > left) {
      left = std::max(block_bytes, payload.size());
      blocks.push_back(std::make_unique<char[]>(left));
      at = blocks.back().get();
      bytes += left;
    }
    std::copy(payload.begin(), payload.end(), at);
    entries.push_back({key, entries.size(), at, payload.size()});
    at += payload.size();
    left -= payload.size();
  }

  void sort() {
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      return a.key != b.key ? a.key < b.key : a.sequence < b.sequence;
    });
  }

  [[nodiscard]] std::size_t size() const { return bytes + entries.size() * kBytesOfEntry; }

  std::size_t block_bytes;
  std::vector<Entry> entries;
  std::vector<std::unique_ptr<char[]>> blocks;  // NOLINT(modernize-avoid-c-arrays): raw bytes
  char* at = nullptr;
  std::size_t left = 0;
  std::size_t bytes = 0;
  std::size_t given = 0;  // entries that next() gave
};

/// Chunks in the order they were written, the earliest record of each at hand.
struct ExternalSort::Merge {
  struct Head {
    std::int64_t key;
    std::size_t chunk;
    friend bool operator>(const Head& a, const Head& b) {
      return a.key != b.key ? a.key > b.key : a.chunk > b.chunk;
    }
  };

  Status begin() {
    heads.resize(chunks.size());
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      HEADROOM_CHECK(chunks[i].rewind());
      HEADROOM_CHECK(advance(i));
    }
    return {};
  }

  Status advance(std::size_t chunk) {
    HEADROOM_TRY(heads[chunk], chunks[chunk].read());
    if (heads[chunk]) order.push({heads[chunk]->key, chunk});
    return {};
  }

  Result<std::optional<SortRecord>> next() {
    if (order.empty()) return std::nullopt;
    const std::size_t chunk = order.top().chunk;
    order.pop();
    std::optional<SortRecord> record = std::move(heads[chunk]);
    HEADROOM_CHECK(advance(chunk));
    return record;
  }

  std::vector<Chunk> chunks;
  std::vector<std::optional<SortRecord>> heads;
  std::priority_queue<Head, std::vector<Head>, std::greater<>> order;
};

ExternalSort::ExternalSort(std::size_t memory, std::filesystem::path folder)
    : limit_(std::max(memory, kLeastMemory)),
      memory_(std::make_unique<Memory>(limit_)),
      merge_(std::make_unique<Merge>()),
      folder_(std::move(folder)) {}

ExternalSort::~ExternalSort() = default;

Status ExternalSort::add(std::int64_t key, std::string_view payload) {
  if (!memory_->entries.empty() && memory_->size() + payload.size() > limit_) {
    HEADROOM_CHECK(spill());
  }
  memory_->add(key, payload);
  return {};
}

Status ExternalSort::spill() {
  if (folder_.empty()) {
    std::error_code code;
    folder_ = std::filesystem::temp_directory_path(code);
    if (code) return disk_error("TMPDIR", "make", code);
  }
  memory_->sort();
  HEADROOM_TRY(Chunk chunk, Chunk::make(folder_));
  for (const auto& entry : memory_->entries) {
    HEADROOM_CHECK(chunk.write(entry.key, {entry.payload, entry.size}));
  }
  memory_ = std::make_unique<Memory>(limit_);
  merge_->chunks.push_back(std::move(chunk));
  ++chunks_written_;
  return merge_->chunks.size() < kMostChunks ? Status{} : merge_chunks();
}

// All chunks so far into one, which then stands for the first part of the records.
Status ExternalSort::merge_chunks() {
  HEADROOM_TRY(Chunk merged, Chunk::make(folder_));
  HEADROOM_CHECK(merge_->begin());
  while (true) {
    HEADROOM_TRY(const auto record, merge_->next());
    if (!record) break;
    HEADROOM_CHECK(merged.write(record->key, record->payload));
  }
  merge_ = std::make_unique<Merge>();
  merge_->chunks.push_back(std::move(merged));
  return {};
}

Status ExternalSort::finish() {
  if (merge_->chunks.empty()) {
    memory_->sort();
    return {};
  }
  if (!memory_->entries.empty()) HEADROOM_CHECK(spill());
  return merge_->begin();
}

Result<std::optional<SortRecord>> ExternalSort::next() {
  if (!merge_->chunks.empty()) return merge_->next();
  if (memory_->given == memory_->entries.size()) return std::nullopt;
  const auto& entry = memory_->entries[memory_->given++];
  return SortRecord{entry.key, std::string(entry.payload, entry.size)};
}

}  // namespace headroom
