#include "study/speed/text.hpp"

#include <headroom_version.hpp>
#include <nlohmann/json.hpp>

#include <utility>

namespace headroom::speed {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kMilli = 1e-3;

const std::string& basis_name(Basis basis) { return kBases[static_cast<std::size_t>(basis)]; }

Json ms(const Estimate& time) {
  return {
      {"value", kMilli * time.us}, {"low", kMilli * time.low_us}, {"high", kMilli * time.high_us}};
}

Json parts_json(const Speed& speed) {
  Json out = Json::array();
  for (std::size_t i = 0; i < speed.parts.size(); ++i) {
    const Part& part = speed.parts[i];
    out.push_back({{"part", kParts[i]},
                   {"ms", kMilli * part.time.us},
                   {"percent", 100.0 * part.time.us / speed.step_us()},
                   {"basis", basis_name(part.basis)}});
  }
  return out;
}

Json speed_json(const Speed& speed, int gpus) {
  const auto rate = [](const Rate& of, double share) -> Json {
    return {{"value", share * of.value}, {"low", share * of.low}, {"high", share * of.high}};
  };
  const Part& largest = speed.parts[speed.largest_part()];
  Json out = {{"tpot_ms", ms(speed.times.tpot)},
              {"ttft_ms", ms(speed.times.ttft)},
              {"tokens_per_s", rate(speed.tokens_per_s, 1.0)},
              {"tokens_per_s_per_gpu", rate(speed.tokens_per_s, 1.0 / gpus)},
              {"decoding", speed.times.decoding},
              {"basis", basis_name(speed.times.tpot.basis)},
              {"decode_step",
               {{"ms", kMilli * speed.step_us()},
                {"parts", parts_json(speed)},
                {"largest_part", kParts[speed.largest_part()]},
                {"largest_part_basis", basis_name(largest.basis)},
                {"extrapolated_percent", 100.0 * speed.extrapolated}}},
              {"attention_layer", nullptr}};
  if (speed.layer) {
    out["attention_layer"] = {{"ms", ms(*speed.layer)},
                              {"tokens_per_s_per_gpu", speed.layer_tokens_per_s},
                              {"basis", basis_name(speed.layer->basis)}};
  }
  return out;
}

Json row_json(const Row& row) {
  Json out = {{"tp", row.tp},
              {"kv_replication", row.kv_replication},
              {"beyond_nvswitch_domain", row.tp > kDomainGpus},
              {"refusal", nullptr},
              {"speed", nullptr}};
  if (row.refusal) {
    out["refusal"] = {{"rule", row.refusal->rule},
                      {"reason", row.refusal->sentence},
                      {"memory", row.refused_for_memory()}};
  }
  if (row.speed) out["speed"] = speed_json(*row.speed, row.gpus);
  return out;
}

Json model_json(const Answer& answer, const ModelSpeeds& one) {
  const Model& model = *one.model;
  Json sizes = Json::array();
  for (const Row& row : one.rows) sizes.push_back(row_json(row));
  Json out = {{"model", model.name},
              {"attention_heads", model.text.heads()},
              {"kv_heads", model.text.kv_heads()},
              {"source", nullptr},
              {"no_source", nullptr},
              {"sizes", std::move(sizes)}};
  if (one.source.empty()) {
    out["no_source"] = no_source_words(answer, one);
  } else {
    out["source"] = one.source;
  }
  return out;
}

}  // namespace

std::string answer_json(const Answer& answer) {
  const Question& question = answer.question;
  Json models = Json::array();
  for (const ModelSpeeds& one : answer.models) models.push_back(model_json(answer, one));
  const Json out = {{"schema", kSchema},
                    {"headroom", {{"version", HEADROOM_VERSION}, {"revision", HEADROOM_REVISION}}},
                    {"engine", question.engine},
                    {"gpu", question.gpu.name},
                    {"load",
                     {{"pipeline_parallel", question.stages},
                      {"graphs", question.graphs},
                      {"requests", question.requests},
                      {"input_tokens", question.input_tokens},
                      {"output_tokens", question.output_tokens},
                      {"kv_cache", question.kv_cache == KvCacheType::fp8 ? "fp8" : "model"}}},
                    {"models", std::move(models)}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace headroom::speed
