#include "traces/genai.hpp"

#include "sim/core/nearest.hpp"
#include "traces/csv_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace headroom {
namespace {

const std::array<std::string, 4> kColumns{"gmt_create", "predict_status", "exec_time_seconds",
                                          "checkpoint_model_version_id"};
const std::array<std::string, 4> kStatuses{"SUCCEED", "FAILED", "PENDING", "PROCESSING"};

class GenaiRequests final : public CsvRows<TokenReader, TokenRequest> {
 public:
  GenaiRequests(CsvReader rows, const RowRules& rules)
      : CsvRows(std::move(rows), "gmt_create", rules, true),
        stamp_(column("gmt_create")),
        status_(column("predict_status")),
        time_(column("exec_time_seconds")),
        model_(column("checkpoint_model_version_id")) {}

 protected:
  Status read(const CsvReader& from, TokenRequest& request) override {
    HEADROOM_TRY(request.arrival, from.wall_clock(stamp_));
    const std::string& status = from.field(status_);
    if (std::find(kStatuses.begin(), kStatuses.end(), status) == kStatuses.end()) {
      return fail(fmt::format("predict_status is '{}'", status.substr(0, 60)), from.place(status_),
                  suggest(status.substr(0, 60), kStatuses));
    }
    HEADROOM_TRY(const Duration time, from.seconds(time_));
    if (status == "SUCCEED" || status == "FAILED") request.duration = time;
    request.model = from.field(model_);
    return {};
  }

 private:
  std::size_t stamp_;
  std::size_t status_;
  std::size_t time_;
  std::size_t model_;
};

}  // namespace

std::span<const std::string> genai_columns() { return kColumns; }

Result<std::unique_ptr<TokenReader>> open_genai(const std::filesystem::path& file,
                                                const RowRules& rules) {
  HEADROOM_TRY(auto rows, CsvReader::open(file, "a GenAI request list", kColumns));
  return std::make_unique<GenaiRequests>(std::move(rows), rules);
}

}  // namespace headroom
