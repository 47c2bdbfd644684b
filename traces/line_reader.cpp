#include "traces/line_reader.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace headroom {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kChunkBytes = 1U << 16;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string system_message(int number) {
  return std::error_code(number, std::generic_category()).message();
}

}  // namespace

struct LineReader::Stream {
  struct Close {
    void operator()(gzFile opened) const { gzclose_r(opened); }
  };
  std::unique_ptr<std::remove_pointer_t<gzFile>, Close> file;
  std::vector<char> chunk = std::vector<char>(kChunkBytes);
  std::size_t begin = 0;  // unread part of the chunk
  std::size_t end = 0;
};

LineReader::LineReader(std::unique_ptr<Stream> stream, std::string file, std::size_t max_line)
    : stream_(std::move(stream)), file_(std::move(file)), max_line_(max_line) {}
LineReader::LineReader(LineReader&&) noexcept = default;
LineReader& LineReader::operator=(LineReader&&) noexcept = default;
LineReader::~LineReader() = default;

Result<LineReader> LineReader::open(const fs::path& file, std::size_t max_line) {
  const std::string name = file.string();
  std::error_code code;
  const auto status = fs::status(file, code);
  if (status.type() == fs::file_type::not_found) {
    return fail("there is no such file", {name}, "check the path");
  }
  if (status.type() == fs::file_type::directory) {
    return fail("this is a directory, not a file", {name}, "name one file in it");
  }
  if (!code && status.type() != fs::file_type::regular) {
    return fail("this is a pipe or a device, but what is in it is read more than once", {name},
                "write it to a file first, and name that");
  }
  auto stream = std::make_unique<Stream>();
  errno = 0;
  // zlib passes plain text through, so that one path reads both.
  stream->file.reset(gzopen(file.c_str(), "rb"));
  if (!stream->file) {
    return fail(fmt::format("cannot open this file for reading: {}",
                            system_message(errno == 0 ? ENOMEM : errno)),
                {name});
  }
  LineReader reader(std::move(stream), name, max_line);
  HEADROOM_TRY(const bool any, reader.refill());
  if (file.extension() == ".gz" && gzdirect(reader.stream_->file.get()) != 0) {
    return fail("the name ends in .gz, but this is not gzip data", {name},
                "rename a plain file, or fetch a broken one again");
  }
  if (any) {
    Stream& in = *reader.stream_;
    if (std::string_view(in.chunk.data(), in.end).starts_with(kByteOrderMark)) {
      in.begin = kByteOrderMark.size();
    }
  }
  return reader;
}

SourcePlace LineReader::place(std::int64_t column) const { return {file_, line_, column}; }

/// Reads the next chunk; false at the end of the file.
Result<bool> LineReader::refill() {
  Stream& in = *stream_;
  in.begin = 0;
  in.end = 0;
  errno = 0;
  const int count = gzread(in.file.get(), in.chunk.data(), kChunkBytes);
  int number = Z_OK;
  const char* text = gzerror(in.file.get(), &number);
  if (count < 0 || number == Z_BUF_ERROR) {
    const int system = errno;
    done_ = true;
    const SourcePlace near{file_, line_ + 1, 0};
    if (number == Z_BUF_ERROR) {
      return fail("the gzip data ends before its end: the file is truncated", near,
                  "fetch or compress it again");
    }
    if (number == Z_ERRNO) return fail("cannot read on: " + system_message(system), near);
    return fail(fmt::format("the gzip data is corrupt: {}", text), near,
                "fetch or compress it again");
  }
  in.end = static_cast<std::size_t>(count);
  return count > 0;
}

Result<std::optional<std::string_view>> LineReader::next() {
  if (done_) return std::nullopt;
  current_.clear();
  bool any = false;
  bool ended = false;
  while (!ended) {
    Stream& in = *stream_;
    if (in.begin == in.end) {
      HEADROOM_TRY(const bool more, refill());
      if (!more) break;
    }
    any = true;
    const char* first = in.chunk.data() + in.begin;
    const std::size_t rest = in.end - in.begin;
    const auto* newline = static_cast<const char*>(std::memchr(first, '\n', rest));
    ended = newline != nullptr;
    const std::size_t length = ended ? static_cast<std::size_t>(newline - first) : rest;
    in.begin += length + (ended ? 1 : 0);
    if (current_.size() + length > max_line_) {
      done_ = true;
      return fail(fmt::format("this line is longer than {} bytes", max_line_),
                  {file_, line_ + 1, 0}, "this is not a file with one row a line");
    }
    current_.append(first, length);
  }
  if (!any) {
    done_ = true;
    return std::nullopt;
  }
  ++line_;
  if (current_.ends_with('\r')) current_.pop_back();
  return std::string_view(current_);
}

Result<std::optional<std::string_view>> LineReader::next_nonblank() {
  while (true) {
    HEADROOM_TRY(const auto line, next());
    if (!line || line->find_first_not_of(" \t") != std::string_view::npos) return line;
  }
}

}  // namespace headroom
