// Tables of whole deployments as they were served: one row each, and one row each time it was
// tried.

#include "sim/core/quantile.hpp"
#include "study/profile/import.hpp"
#include "traces/shown.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

namespace headroom::profile {
namespace {

constexpr IntegerRange kTokens{1, kMostServedTokens};
constexpr IntegerRange kRequests{1, kMostConcurrency};
constexpr IntegerRange kSizes{1, kMostParallel};

Text text_field(const CsvReader& rows, std::size_t column) {
  if (rows.empty(column)) return std::nullopt;
  return rows.field(column);
}

// Empty and 0 say that nothing is split that way.
Result<std::int64_t> size_field(const CsvReader& rows, std::size_t column) {
  if (rows.empty(column)) return 1;
  HEADROOM_TRY(const std::int64_t size, rows.integer(column, {0, kSizes.max}));
  return std::max<std::int64_t>(size, 1);
}

Result<double> latency_ms(const CsvReader& rows, std::size_t column) {
  HEADROOM_TRY(const Duration latency, latency_field(rows, column));
  return static_cast<double>(latency.count()) / 1e6;
}

// One row a deployment.

struct DeploymentColumns {
  explicit DeploymentColumns(const CsvReader& rows)
      : engine(rows.column("backend")),
        version(rows.column("backend_version")),
        model(rows.column("model_path")),
        system(rows.column("system")),
        precision(rows.column("precision")),
        mode(rows.column("mode")),
        input(rows.column("isl")),
        output(rows.column("osl")),
        batch(rows.column("batch_size")),
        tp(rows.column("tp_size")),
        pp(rows.column("pp_size")),
        dp(rows.column("attention_dp_size")),
        ep(rows.column("moe_ep_size")),
        ttft(rows.column("silicon_ttft_ms")),
        tpot(rows.column("silicon_tpot_ms")),
        id(rows.column("id")) {}

  std::size_t engine;
  std::size_t version;
  std::size_t model;
  std::size_t system;
  std::size_t precision;
  std::size_t mode;
  std::size_t input;
  std::size_t output;
  std::size_t batch;
  std::size_t tp;
  std::size_t pp;
  std::size_t dp;
  std::size_t ep;
  std::size_t ttft;
  std::size_t tpot;
  std::size_t id;
};

/// Whether prompts and outputs are computed by the same GPUs.
Result<bool> aggregated(const CsvReader& rows, const DeploymentColumns& columns) {
  const std::string& mode = rows.field(columns.mode);
  if (mode == "agg") return true;
  if (mode == "disagg") return false;
  return fail(fmt::format("the mode '{}' is not known", shown(mode)), rows.place(columns.mode),
              "one of agg and disagg");
}

Result<Served> read_deployment(const CsvReader& rows, const DeploymentColumns& columns) {
  Served out;
  HEADROOM_TRY(out.id, rows.name(columns.id));
  HEADROOM_TRY(out.engine, rows.name(columns.engine));
  out.engine_version = text_field(rows, columns.version);
  HEADROOM_TRY(out.model, rows.name(columns.model));
  out.precision = text_field(rows, columns.precision);
  HEADROOM_TRY(out.input_tokens, rows.integer(columns.input, kTokens));
  HEADROOM_TRY(out.output_tokens, rows.integer(columns.output, kTokens));
  HEADROOM_TRY(out.tp, rows.integer(columns.tp, kSizes));
  HEADROOM_TRY(out.pp, size_field(rows, columns.pp));
  HEADROOM_TRY(out.dp, size_field(rows, columns.dp));
  HEADROOM_TRY(out.ep, size_field(rows, columns.ep));
  HEADROOM_TRY(const std::int64_t batch,
               rows.integer(columns.batch, {1, kMostConcurrency / out.dp}));
  out.concurrency = batch * out.dp;  // the column is of one data parallel rank
  HEADROOM_TRY(out.ttft_ms, latency_ms(rows, columns.ttft));
  HEADROOM_TRY(out.tpot_ms, latency_ms(rows, columns.tpot));
  return out;
}

/// The GPUs that an id names, "..._tp8_ep8_12": tensor parallel size as engines are given it.
std::optional<std::int64_t> gpus_in_id(std::string_view id) {
  constexpr std::string_view kMark = "_tp";
  const auto at = id.find(kMark);
  if (at == std::string_view::npos) return std::nullopt;
  std::int64_t gpus = 0;
  const char* begin = id.data() + at + kMark.size();
  const auto [stop, code] = std::from_chars(begin, id.data() + id.size(), gpus);
  return code == std::errc() ? std::optional(gpus) : std::nullopt;
}

Status read_deployments(CsvReader& rows, ImportTarget& to) {
  const DeploymentColumns columns(rows);
  while (true) {
    HEADROOM_TRY(const bool more, rows.next());
    if (!more) return {};
    HEADROOM_TRY(const bool together, aggregated(rows, columns));
    if (!to.is_of_gpu(rows.field(columns.system))) continue;
    if (!together) {
      to.leave_out("of prefill and decoding on separate GPUs");
      continue;
    }
    HEADROOM_TRY(Served row, read_deployment(rows, columns));
    const auto gpus = gpus_in_id(row.id);
    if (gpus && (*gpus % row.dp != 0 || *gpus / row.dp != row.tp)) {
      to.leave_out("of deployments whose id names other sizes than their columns");
      continue;
    }
    HEADROOM_CHECK(to.claim(key_of(row), rows.place()));
    to.imported.profile.served.push_back(std::move(row));
  }
}

// One row a try.

struct TryColumns {
  explicit TryColumns(const CsvReader& rows)
      : model(rows.column("model")),
        hardware(rows.column("hardware")),
        input(rows.column("prompt_size")),
        batch(rows.column("batch_size")),
        output(rows.column("token_size")),
        ttft(rows.column("prompt_time")),
        tpot(rows.column("token_time")),
        end(rows.column("e2e_time")),
        tp(rows.column("tensor_parallel")) {}

  std::size_t model;
  std::size_t hardware;
  std::size_t input;
  std::size_t batch;
  std::size_t output;
  std::size_t ttft;
  std::size_t tpot;
  std::size_t end;
  std::size_t tp;
};

struct Tries {
  Served served;
  std::vector<double> ttft_ms;
  std::vector<double> tpot_ms;
};

struct Try {
  Served served;
  double end_ms = 0.0;  // from the request to its last token
};

Result<Try> read_try(const CsvReader& rows, const TryColumns& columns) {
  Try out;
  Served& s = out.served;
  s.engine = "vllm";  // what that source ran
  HEADROOM_TRY(s.model, rows.name(columns.model));
  HEADROOM_TRY(const std::string hardware, rows.name(columns.hardware));
  HEADROOM_TRY(s.input_tokens, rows.integer(columns.input, kTokens));
  HEADROOM_TRY(s.output_tokens, rows.integer(columns.output, kTokens));
  HEADROOM_TRY(s.concurrency, rows.integer(columns.batch, kRequests));
  HEADROOM_TRY(s.tp, rows.integer(columns.tp, kSizes));
  HEADROOM_TRY(s.ttft_ms, latency_ms(rows, columns.ttft));
  HEADROOM_TRY(s.tpot_ms, latency_ms(rows, columns.tpot));
  HEADROOM_TRY(out.end_ms, latency_ms(rows, columns.end));
  s.id = fmt::format("{}_{}_{}x{}_c{}_tp{}", shown(s.model, 120), shown(hardware, 60),
                     s.input_tokens, s.output_tokens, s.concurrency, s.tp);
  return out;
}

// Many tries end long before they have as many tokens as asked for; their times are those of
// shorter contexts.
bool ended_early(const Try& one) {
  constexpr double kLeast = 0.9;
  const double tokens = static_cast<double>(one.served.output_tokens - 1);
  return one.end_ms < kLeast * (*one.served.ttft_ms + tokens * *one.served.tpot_ms);
}

double median_of(std::vector<double>& values) {
  std::sort(values.begin(), values.end());
  return quantile(values, 0.5);
}

/// Deployments in the order of the table.
struct AllTries {
  std::vector<Tries> deployments;
  std::map<std::string, std::size_t> places;  // of ids

  void add(Served one) {
    const auto [place, is_new] = places.emplace(one.id, deployments.size());
    if (is_new) deployments.push_back({one, {}, {}});
    deployments[place->second].ttft_ms.push_back(*one.ttft_ms);
    deployments[place->second].tpot_ms.push_back(*one.tpot_ms);
  }
};

Status read_tries(CsvReader& rows, ImportTarget& to) {
  const TryColumns columns(rows);
  AllTries all;
  while (true) {
    HEADROOM_TRY(const bool more, rows.next());
    if (!more) break;
    HEADROOM_TRY(Try one, read_try(rows, columns));
    const std::string& hardware = rows.field(columns.hardware);
    if (!to.is_of_gpu(hardware)) continue;
    if (hardware.ends_with("-pcap")) {
      to.leave_out("of GPUs under a power cap");
    } else if (ended_early(one)) {
      to.leave_out("of requests that ended early");
    } else {
      all.add(std::move(one.served));
    }
  }
  for (Tries& tries : all.deployments) {
    tries.served.ttft_ms = median_of(tries.ttft_ms);
    tries.served.tpot_ms = median_of(tries.tpot_ms);
    HEADROOM_CHECK(to.claim(key_of(tries.served), rows.place()));
    to.imported.profile.served.push_back(std::move(tries.served));
  }
  return {};
}

}  // namespace

const TableKind& deployments_table() {
  static const TableKind kKind{
      "deployments",
      {"backend", "backend_version", "model_path", "system", "precision", "mode", "isl", "osl",
       "batch_size", "tp_size", "pp_size", "attention_dp_size", "moe_ep_size", "silicon_ttft_ms",
       "silicon_tpot_ms", "id"},
      read_deployments};
  return kKind;
}

const TableKind& repeated_serving_table() {
  static const TableKind kKind{"repeated deployments",
                               {"model", "hardware", "prompt_size", "batch_size", "token_size",
                                "prompt_time", "token_time", "e2e_time", "tensor_parallel"},
                               read_tries};
  return kKind;
}

}  // namespace headroom::profile
