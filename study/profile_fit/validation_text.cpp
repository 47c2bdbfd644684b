// What a validation found, for people and for programs.

#include "study/profile/fit_words.hpp"
#include "study/profile/fits_io.hpp"
#include "study/profile/words.hpp"
#include "study/profile_fit/validate.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace headroom::profile_fit {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kLine =
    "  {:<14} {:<9} {:>4} {:>6} {:>7} {:>5} {:>9} {:>7} {:>7}  {:<5} {:<3} {}";
constexpr const char* kMovedLine = "  {:<14} {:<9} {:>4} {:>6} {:>6} {:>9} {:>7} {:>7} {:>9}  {}";
constexpr std::size_t kWidth = 120;

std::string percent(double value) { return fmt::format("{:.2f}", value); }

std::string head_text(const FitKey& key) {
  return key.head_dim > 0 ? fmt::format("{}", key.head_dim) : "-";
}

std::string kernel_text(const FitKey& key) { return profile::name_of(kKernels, key.kernel); }

/// An implementation, and the links that it ran over where they are known.
std::string what_ran(const FitKey& key, const std::string& implementation) {
  std::string out = profile::implementation_text(implementation);
  if (key.topology) out += ", " + profile::name_of(kTopologies, *key.topology);
  if (key.gpus_per_node > 0) out += fmt::format(", {} GPUs a node", key.gpus_per_node);
  return out;
}

/// The row, with what is last in it cut to the width of the table.
std::string cut_row(std::string row, const std::string& last) {
  const std::size_t left = kWidth - std::min(kWidth - 10, row.size());
  return profile::row_text(std::move(row) + profile::plain_text(last, left));
}

/// Whether points were left out one by one: of one shape, or of shapes with a point each.
bool of_points(const FitErrors& errors) {
  return errors.shapes == 1 || errors.shapes == errors.points;
}

std::string kernel_line(const KernelRow& row) {
  const FitErrors& e = row.errors;
  const std::string bound =
      row.bound ? fmt::format("{:g}/{:g}", row.bound->median_percent, row.bound->p90_percent) : "-";
  return cut_row(
      fmt::format(kLine, kernel_text(row.key), profile::types_text(row.key), head_text(row.key),
                  e.points, fmt::format("{}{}", e.shapes, of_points(e) ? "*" : ""), row.knots,
                  percent(e.median_percent), percent(e.p90_percent), percent(e.bias_percent), bound,
                  row.bound ? (row.ok() ? "yes" : "NO") : "-", ""),
      what_ran(row.key, row.implementation));
}

std::string kernel_table(const Validation& v) {
  std::string out = fmt::format("Kernels of {}, fitted to {}\n", v.gpu,
                                profile::plain_text(v.source.empty() ? "nothing" : v.source));
  out += v.from_points ? "  Errors are of shapes left out whole, a fifth at a time; in percent of "
                         "the prediction.\n"
                       : "  Errors as the profile states them: it has no points to judge by.\n";
  out += profile::row_text(fmt::format(kLine, "kernel", "types", "head", "points", "shapes",
                                       "knots", "median, %", "p90, %", "bias, %", "bound", "ok",
                                       "implementation"));
  std::size_t knots = 0;
  for (const KernelRow& row : v.kernels) {
    out += kernel_line(row);
    knots += row.knots;
  }
  if (std::any_of(v.kernels.begin(), v.kernels.end(),
                  [](const KernelRow& row) { return of_points(row.errors); })) {
    out += "  *: single points were left out, not shapes of several.\n";
  }
  out += fmt::format("  {} in {}\n", profile::counted(knots, "knot"),
                     profile::counted(v.kernels.size(), "fit"));
  for (const std::string& one : v.left_out) out += fmt::format("  not fitted: {}\n", one);
  return out;
}

std::string moved_table(const Validation& v) {
  if (v.against.empty()) return "";
  std::string out = fmt::format(
      "\n{} from the fits of {} at the rates of its data sheet\n"
      "  Within: measurements inside of the interval that is to hold nine of ten.\n",
      v.against, v.gpu);
  out += profile::row_text(fmt::format(kMovedLine, "kernel", "types", "head", "points", "shapes",
                                       "median, %", "p90, %", "bias, %", "within, %",
                                       "implementation"));
  for (const MovedRow& row : v.moved) {
    const FitErrors& e = row.errors;
    out += cut_row(fmt::format(kMovedLine, kernel_text(row.key), profile::types_text(row.key),
                               head_text(row.key), e.points, e.shapes, percent(e.median_percent),
                               percent(e.p90_percent), percent(e.bias_percent),
                               fmt::format("{:.1f}", row.within_percent), ""),
                   what_ran(row.key, row.implementation));
  }
  if (v.moved.empty()) out += "  Both have measured nothing with the same implementation.\n";
  return out;
}

template <class Row>
Json row_json(const Row& row) {
  Json out = profile::key_json(row.key);
  out["implementation"] = row.implementation;
  out.update(profile::errors_json(row.errors));
  return out;
}

Json kernel_json(const KernelRow& row) {
  Json out = row_json(row);
  out["knots"] = row.knots;
  out["bound"] = row.bound ? Json{{"median_percent", row.bound->median_percent},
                                  {"p90_percent", row.bound->p90_percent}}
                           : Json();
  out["ok"] = row.ok();
  return out;
}

}  // namespace

std::string validation_text(const Validation& validation) {
  return kernel_table(validation) + moved_table(validation) +
         (validation.served ? served_text(*validation.served) : "");
}

std::string validation_json(const Validation& v) {
  Json kernels = Json::array();
  for (const KernelRow& row : v.kernels) kernels.push_back(kernel_json(row));
  Json moved = Json::array();
  for (const MovedRow& row : v.moved) {
    moved.push_back(row_json(row));
    moved.back()["within_percent"] = row.within_percent;
  }
  const Json out = {{"schema", "headroom.profile_validation"},
                    {"version", 1},
                    {"gpu", v.gpu},
                    {"source", v.source},
                    {"from_points", v.from_points},
                    {"ok", v.ok()},
                    {"kernels", std::move(kernels)},
                    {"left_out", v.left_out},
                    {"against", v.against.empty() ? Json() : Json(v.against)},
                    {"moved", std::move(moved)},
                    {"served", v.served ? served_json(*v.served) : Json()}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace headroom::profile_fit
