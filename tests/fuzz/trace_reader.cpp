// libFuzzer on the readers of traces, one format a run, named by the environment variable
// HEADROOM_FUZZ_FORMAT (headroom formats lists them; "guess": what tells formats apart). Seeds are
// the invented traces in traces/samples. cmake --preset fuzz, cmake --build --preset fuzz, then
//   HEADROOM_FUZZ_FORMAT=swf build/fuzz/fuzz_trace_reader NEW traces/samples
// where NEW is a folder for what it finds. What made a reader fail becomes a case of
// tests/traces/reader_mutation_test.cpp or of the reader's own test.

#include "tests/fuzz/memory_file.hpp"
#include "tests/traces/row_check.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

namespace {

std::string format_to_fuzz() {
  const char* name = std::getenv("HEADROOM_FUZZ_FORMAT");
  const std::string format = name == nullptr ? "" : name;
  const bool known = format == "guess" || headroom::find_token_format(format) != nullptr ||
                     headroom::find_task_format(format).has_value();
  if (!known) {
    std::fputs("HEADROOM_FUZZ_FORMAT names no format: see headroom formats\n", stderr);
    std::exit(2);
  }
  return format;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string format = format_to_fuzz();
  const headroom::test::MemoryFile file(data, size);
  if (format == "guess") {
    (void)headroom::any_format("", file.path());
    return 0;
  }
  (void)headroom::test::check_rows(format, file.path(), {});
  const headroom::RowRules skip{headroom::RowOrder::by_arrival,
                                std::make_shared<headroom::SkippedRows>()};
  (void)headroom::test::check_rows(format, file.path(), skip);
  return 0;
}
