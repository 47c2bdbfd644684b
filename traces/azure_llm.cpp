#include "traces/azure_llm.hpp"

#include "traces/csv_rows.hpp"
#include "traces/limits.hpp"

#include <array>
#include <utility>

namespace headroom {
namespace {

const std::array<std::string, 3> kColumns{"TIMESTAMP", "ContextTokens", "GeneratedTokens"};

class AzureLlm final : public CsvRows<TokenReader, TokenRequest> {
 public:
  AzureLlm(CsvReader rows, const RowRules& rules)
      : CsvRows(std::move(rows), "TIMESTAMP", rules, true),
        stamp_(column("TIMESTAMP")),
        input_(column("ContextTokens")),
        output_(column("GeneratedTokens")) {}

 protected:
  Status read(const CsvReader& from, TokenRequest& request) override {
    HEADROOM_TRY(request.arrival, from.wall_clock(stamp_));
    HEADROOM_TRY(request.input_tokens, from.integer(input_, {0, kMaxTokens}));
    HEADROOM_TRY(request.output_tokens, from.integer(output_, {0, kMaxTokens}));
    return {};
  }

 private:
  std::size_t stamp_;
  std::size_t input_;
  std::size_t output_;
};

}  // namespace

std::span<const std::string> azure_llm_columns() { return kColumns; }

Result<std::unique_ptr<TokenReader>> open_azure_llm(const std::filesystem::path& file,
                                                    const RowRules& rules) {
  HEADROOM_TRY(auto rows, CsvReader::open(file, "an Azure LLM trace", kColumns));
  return std::make_unique<AzureLlm>(std::move(rows), rules);
}

}  // namespace headroom
