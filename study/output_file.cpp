#include "study/output_file.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace headroom {

namespace fs = std::filesystem;

struct OutputFile::Stream {
  fs::path file;     // its final name; empty = standard output
  fs::path partial;  // while it is written
  std::FILE* plain = nullptr;
  gzFile gz = nullptr;

  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() {
    if (gz != nullptr) gzclose(gz);
    if (plain != nullptr && plain != stdout) std::fclose(plain);
    std::error_code ignored;
    if (!partial.empty()) fs::remove(partial, ignored);
  }

  [[nodiscard]] tl::unexpected<Error> failed(const char* what) const {
    return fail(
        fmt::format("cannot {}: {}", what,
                    std::error_code(errno == 0 ? EIO : errno, std::generic_category()).message()),
        {file.empty() ? "the standard output" : file.string()});
  }
};

OutputFile::OutputFile(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}
OutputFile::OutputFile(OutputFile&&) noexcept = default;
OutputFile& OutputFile::operator=(OutputFile&&) noexcept = default;
OutputFile::~OutputFile() = default;

Result<OutputFile> OutputFile::open(const fs::path& file, bool replace) {
  auto stream = std::make_unique<Stream>();
  stream->file = file;
  if (file.empty()) {
    stream->plain = stdout;
    return OutputFile(std::move(stream));
  }
  std::error_code ignored;
  if (fs::is_directory(file, ignored)) {
    return fail("this is a directory", {file.string()}, "name a file in it");
  }
  if (!replace && fs::exists(file, ignored)) {
    return fail("this file exists already", {file.string()}, "--force replaces it");
  }
  stream->partial =
      file.parent_path() / fmt::format(".{}.partial-{}", file.filename().string(), ::getpid());
  errno = 0;
  if (file.extension() == ".gz") {
    stream->gz = gzopen(stream->partial.c_str(), "wb6");
    if (stream->gz == nullptr) return stream->failed("make this file");
  } else {
    stream->plain = std::fopen(stream->partial.c_str(), "wb");
    if (stream->plain == nullptr) return stream->failed("make this file");
  }
  return OutputFile(std::move(stream));
}

Status OutputFile::write(std::string_view text) {
  if (text.empty()) return {};
  errno = 0;
  if (stream_->gz != nullptr) {
    const int written = gzwrite(stream_->gz, text.data(), static_cast<unsigned>(text.size()));
    if (written <= 0) return stream_->failed("write");
    return {};
  }
  if (std::fwrite(text.data(), 1, text.size(), stream_->plain) != text.size()) {
    return stream_->failed("write");
  }
  return {};
}

Status OutputFile::close() {
  errno = 0;
  if (stream_->plain != nullptr && std::fflush(stream_->plain) != 0) {
    return stream_->failed("write");
  }
  if (stream_->file.empty()) return {};
  const bool closed = stream_->gz != nullptr
                          ? gzclose(std::exchange(stream_->gz, nullptr)) == Z_OK
                          : std::fclose(std::exchange(stream_->plain, nullptr)) == 0;
  if (!closed) return stream_->failed("write");
  std::error_code code;
  fs::rename(stream_->partial, stream_->file, code);
  if (code) {
    return fail(fmt::format("cannot give this file its name: {}", code.message()),
                {stream_->file.string()});
  }
  stream_->partial.clear();
  return {};
}

}  // namespace headroom
