#include "traces/native_writer.hpp"

#include "sim/core/assert.hpp"
#include "traces/native.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <vector>

namespace headroom {
namespace {

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string list(const std::vector<std::string>& texts) {
  std::vector<std::string> items;
  items.reserve(texts.size());
  for (const std::string& text : texts) items.push_back(quoted(text));
  return fmt::format("[{}]", fmt::join(items, ","));
}

std::string task_members(const OpaqueTask& task) {
  std::string out = fmt::format(R"(,"gpus":{})", task.gpus);
  if (task.gpus == 1) out += fmt::format(R"(,"gpu_milli":{})", task.milli);
  return out;
}

std::string deployment_members(const LlmDeployment& llm) {
  HEADROOM_ASSERT(llm.model != nullptr, "a deployment without a model");
  std::string out =
      fmt::format(R"(,"model":{},"context":{},"sequences":{},"batched_tokens":{},"utilisation":{})",
                  quoted(llm.model->name), llm.limits.context, llm.limits.sequences,
                  llm.limits.batched_tokens, static_cast<double>(llm.limits.utilisation_ppm) / 1e6);
  if (llm.shared) out += R"(,"shared":true)";
  if (!llm.allowed_tp.empty()) {
    out += fmt::format(R"(,"allowed_tp":[{}])", fmt::join(llm.allowed_tp, ","));
  }
  if (!llm.degradations.empty()) {
    std::vector<std::string> texts;
    for (const Degradation& degradation : llm.degradations) texts.push_back(to_text(degradation));
    out += fmt::format(R"(,"degradations":{})", list(texts));
  }
  return out;
}

}  // namespace

std::string native_header() {
  return fmt::format(R"({{"schema":"{}","version":{}}})", kNativeSchema, kNativeVersion);
}

std::string native_line(const Request& request) {
  const RequestShape& shape = request.shape;
  std::string out = fmt::format(R"({{"id":{},"arrival":{},"lifetime":{})", quoted(request.name),
                                seconds_text(request.arrival), seconds_text(request.lifetime));
  if (request.declared) out += fmt::format(R"(,"declared":{})", seconds_text(*request.declared));
  if (request.priority != 0) out += fmt::format(R"(,"priority":{})", request.priority);
  if (!request.tenant.empty()) out += fmt::format(R"(,"tenant":{})", quoted(request.tenant));
  out += shape.kind() == RequestKind::llm ? deployment_members(shape.llm())
                                          : task_members(shape.opaque());
  out += fmt::format(R"(,"cpu_milli":{},"ram_bytes":{})", shape.cpu_milli, shape.ram);
  if (!shape.allowed_gpus.empty()) {
    out += fmt::format(R"(,"gpu_types":{})", list(shape.allowed_gpus));
  }
  if (!request.group.empty()) {
    out += fmt::format(R"(,"group":{},"group_size":{})", quoted(request.group), request.group_size);
  }
  return out + "}";
}

}  // namespace headroom
