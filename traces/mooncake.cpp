#include "traces/mooncake.hpp"

#include "traces/json_line.hpp"
#include "traces/limits.hpp"
#include "traces/line_reader.hpp"

#include <array>
#include <limits>
#include <utility>

namespace headroom {
namespace {

const std::array<std::string, 4> kKeys{"timestamp", "input_length", "output_length", "hash_ids"};

class MooncakeRequests final : public TokenReader {
 public:
  MooncakeRequests(LineReader lines, const RowRules& rules)
      : lines_(std::move(lines)), rules_(rules), order_(rules.order, false, kUnsortedHint) {}

  Result<std::optional<TokenRequest>> next() override {
    while (true) {
      auto request = next_row();
      if (request || !rules_.pass_over(request.error(), lines_.can_go_on())) return request;
    }
  }

  [[nodiscard]] SourcePlace place() const override { return lines_.place(1); }

 private:
  Result<std::optional<TokenRequest>> next_row() {
    HEADROOM_TRY(const auto line, lines_.next_nonblank());
    if (!line) return std::nullopt;
    HEADROOM_TRY(auto json, JsonLine::parse(*line, lines_.place()));
    json.check_keys(kKeys);
    constexpr std::int64_t kMost = kMaxInputTime / std::chrono::milliseconds(1);
    const std::chrono::milliseconds stamp(json.integer("timestamp", {0, kMost}));
    TokenRequest request;
    request.input_tokens = json.integer("input_length", {0, kMaxTokens});
    request.output_tokens = json.integer("output_length", {0, kMaxTokens});
    (void)json.integers_or("hash_ids", {0, std::numeric_limits<std::int64_t>::max()}, {});
    HEADROOM_CHECK(json.status());
    HEADROOM_TRY(request.arrival, order_.take(SimTime(stamp), json.place("timestamp")));
    return request;
  }

  LineReader lines_;
  RowRules rules_;
  ArrivalOrder order_;
};

}  // namespace

bool looks_like_mooncake(std::string_view line) {
  const auto json = JsonLine::parse(line, {});
  return json && json->has("timestamp") && json->has("input_length") && json->has("output_length");
}

Result<std::unique_ptr<TokenReader>> open_mooncake(const std::filesystem::path& file,
                                                   const RowRules& rules) {
  HEADROOM_TRY(auto lines, LineReader::open(file));
  return std::make_unique<MooncakeRequests>(std::move(lines), rules);
}

}  // namespace headroom
