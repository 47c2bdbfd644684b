// Every reader against samples changed in a few bytes, with a fixed seed, and against what the
// fuzzers once found: whatever comes out is an error with a text, or rows within their bounds.

#include "tests/traces/helpers.hpp"
#include "tests/traces/row_check.hpp"
#include "traces/formats.hpp"
#include "traces/token_formats.hpp"

#include <random>

namespace headroom {

using namespace test;

namespace {

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t n) { return static_cast<std::size_t>(random() % n); }

void mutate(std::string& text, Random& random) {
  static const std::vector<std::string> kPieces{"0",
                                                "9999999999999999999",
                                                "-1",
                                                "1e300",
                                                "nan",
                                                "inf",
                                                ",",
                                                "\"",
                                                "\n",
                                                "\r\n",
                                                "#",
                                                ";",
                                                " ",
                                                "{",
                                                "}",
                                                "[",
                                                ":",
                                                "|",
                                                ".",
                                                "2023-11-16 18:15:46.1234567",
                                                "\xEF\xBB\xBF",
                                                std::string(1, '\0'),
                                                "\xff"};
  if (text.empty()) text = "\n";
  const std::size_t at = below(random, text.size());
  switch (below(random, 4)) {
    case 0:
      text[at] = static_cast<char>(below(random, 256));
      break;
    case 1:
      text.erase(at, 1 + below(random, 12));
      break;
    case 2:
      text.insert(at, text.substr(below(random, text.size()), 1 + below(random, 40)));
      break;
    default:
      text.insert(at, kPieces[below(random, kPieces.size())]);
      break;
  }
}

}  // namespace

TEST_CASE("a trace changed in a few bytes is read or refused, never more", "[mutation]") {
  Random random(20'260'301);
  const TempDir folder;
  for (const auto& [sample, name] : samples()) {
    const std::string start = read_file(source_path("traces/samples/" + sample));
    int good = 0;
    int refused = 0;
    for (int round = 0; round < 400; ++round) {
      std::string text = start;
      for (std::size_t changes = 1 + below(random, 3); changes > 0; --changes) mutate(text, random);
      const auto file = folder.write("trace", text);
      INFO(name << ", round " << round);
      const bool read = check_rows(name, file, RowRules{});
      (read ? good : refused) += 1;
      const RowRules skip{RowOrder::by_arrival, std::make_shared<SkippedRows>()};
      (void)check_rows(name, file, skip);
      (void)any_format("", file);
    }
    INFO(name);
    CHECK(good > 2);
    CHECK(refused > 50);
  }
}

}  // namespace headroom
