#include "traces/line_reader.hpp"

#include "tests/traces/helpers.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string>

namespace headroom {

using namespace test;

namespace {

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  auto reader = require_value(LineReader::open(file));
  std::vector<std::string> out;
  for (auto line = require_value(reader.next()); line; line = require_value(reader.next())) {
    out.emplace_back(*line);
    CHECK(reader.line() == static_cast<std::int64_t>(out.size()));
  }
  return out;
}

const std::vector<std::string> kAbc{"a", "", "b c"};

}  // namespace

TEST_CASE("lines are the same with LF, CRLF, without a final line end and after a BOM") {
  const TempDir folder;
  CHECK(lines_of(folder.write("lf", "a\n\nb c\n")) == kAbc);
  CHECK(lines_of(folder.write("crlf", "a\r\n\r\nb c\r\n")) == kAbc);
  CHECK(lines_of(folder.write("open", "a\n\nb c")) == kAbc);
  CHECK(lines_of(folder.write("open-crlf", "a\r\n\r\nb c\r")) == kAbc);
  CHECK(lines_of(folder.write("bom",
                              "\xEF\xBB\xBF"
                              "a\n\nb c\n")) == kAbc);
}

TEST_CASE("a gzip file gives the lines of the file it holds, whatever it is called") {
  const TempDir folder;
  CHECK(lines_of(write_gz(folder, "x.gz", "a\r\n\r\nb c")) == kAbc);
  CHECK(lines_of(write_gz(folder, "x.csv",
                          "\xEF\xBB\xBF"
                          "a\n\nb c\n")) == kAbc);
}

TEST_CASE("lines that cross the chunks of reading stay whole") {
  const TempDir folder;
  std::string content;
  std::vector<std::string> wanted;
  for (int i = 0; i < 40; ++i) {
    wanted.emplace_back(static_cast<std::size_t>(7'001 * i % 70'003),
                        static_cast<char>('a' + i % 26));
    content += wanted.back() + "\n";
  }
  CHECK(lines_of(folder.write("long", content)) == wanted);
}

TEST_CASE("an empty file has no lines") {
  const TempDir folder;
  CHECK(lines_of(folder.write("empty", "")).empty());
}

TEST_CASE("lines of blanks are passed over but counted") {
  const TempDir folder;
  auto reader = require_value(LineReader::open(folder.write("x", "\n \t\r\n\nrow\n")));
  const auto line = require_value(reader.next_nonblank());
  REQUIRE(line.has_value());
  CHECK(*line == "row");
  CHECK(reader.line() == 4);
  CHECK_FALSE(require_value(reader.next_nonblank()).has_value());
}

TEST_CASE("a line over the limit is refused by file and line, and nothing follows") {
  const TempDir folder;
  const auto file = folder.write("x", "ok\n" + std::string(11, 'x') + "\nok\n");
  auto reader = require_value(LineReader::open(file, 10));
  CHECK(require_value(reader.next()) == std::string_view("ok"));
  const auto long_line = reader.next();
  REQUIRE_FALSE(long_line.has_value());
  CHECK(long_line.error().place.line == 2);
  check_holds(long_line.error().text(), file.string() + ":2: this line is longer than 10 bytes");
  CHECK_FALSE(require_value(reader.next()).has_value());
}

TEST_CASE("a line exactly at the limit is read") {
  const TempDir folder;
  auto reader = require_value(LineReader::open(folder.write("x", "0123456789\n"), 10));
  CHECK(require_value(reader.next()) == std::string_view("0123456789"));
}

TEST_CASE("a compressed gigabyte without a line end is refused at the limit of one line") {
  const TempDir folder;
  const auto file = folder.path() / "bomb.gz";
  const gzFile out = gzopen(file.c_str(), "wb1");
  REQUIRE(out != nullptr);
  const std::string zeros(std::size_t{1} << 20, '0');
  for (int i = 0; i < 16; ++i) {
    REQUIRE(gzwrite(out, zeros.data(), static_cast<unsigned>(zeros.size())) > 0);
  }
  REQUIRE(gzclose(out) == Z_OK);
  auto reader = require_value(LineReader::open(file));
  check_holds(first_error(reader), "longer than 1048576 bytes");
}

TEST_CASE("a truncated gzip file is an error, not a short trace") {
  const TempDir folder;
  std::string content;
  for (int i = 0; i < 50'000; ++i) content += std::to_string(i * 7'919 % 100'003) + "\n";
  const std::string whole = read_file(write_gz(folder, "whole.gz", content));
  for (const std::size_t length : {whole.size() / 2, whole.size() - 4}) {
    const auto cut = folder.write("cut.gz", std::string_view(whole).substr(0, length));
    auto reader = LineReader::open(cut);
    const std::string error = reader ? first_error(*reader) : reader.error().text();
    check_holds(error, "the file is truncated");
  }
}

TEST_CASE("a corrupt gzip file is an error") {
  const TempDir folder;
  std::string bytes = read_file(write_gz(folder, "good.gz", std::string(1'000, 'x') + "\n"));
  bytes[bytes.size() - 6] = static_cast<char>(bytes[bytes.size() - 6] ^ 0x55);  // checksum
  auto reader = LineReader::open(folder.write("bad.gz", bytes));
  check_holds(reader ? first_error(*reader) : reader.error().text(), "corrupt");
}

TEST_CASE("a plain file that is called .gz is refused when it is opened") {
  const TempDir folder;
  for (const char* content : {"name,x\n", ""}) {
    const auto reader = LineReader::open(folder.write("plain.gz", content));
    REQUIRE_FALSE(reader.has_value());
    check_holds(reader.error().text(), "this is not gzip data");
  }
}

TEST_CASE("a missing file, a directory and an unreadable file are told apart") {
  const TempDir folder;
  const auto missing = LineReader::open(folder.path() / "none.csv");
  REQUIRE_FALSE(missing.has_value());
  check_holds(missing.error().text(), "none.csv: there is no such file");
  const auto directory = LineReader::open(folder.path());
  REQUIRE_FALSE(directory.has_value());
  check_holds(directory.error().text(), "this is a directory");
  const auto locked = folder.write("locked", "x\n");
  std::filesystem::permissions(locked, std::filesystem::perms::none);
  const bool refused = !std::ifstream(locked).is_open();  // root reads everything
  CHECK(LineReader::open(locked).has_value() != refused);
}

TEST_CASE("pipes and devices are refused: what is read once is gone") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  REQUIRE(::write(ends[1], "a\nb\n", 4) == 4);
  ::close(ends[1]);
  const auto error_of = [](const std::string& file) {
    const auto reader = LineReader::open(file);
    return reader ? std::string("no error") : reader.error().text();
  };
  const std::string pipe = error_of("/dev/fd/" + std::to_string(ends[0]));
  check_holds(pipe, "this is a pipe or a device, but what is in it is read more than once");
  check_holds(pipe, "write it to a file first");
  ::close(ends[0]);
  check_holds(error_of("/dev/null"), "/dev/null: this is a pipe or a device");
}

}  // namespace headroom
