// Cases of kind tp_divisibility, head_resolution and gpu_count.

#include "policies/gpustack/divisibility.hpp"
#include "policies/gpustack/gpu_count.hpp"
#include "study/reproduce/gpustack_cases.hpp"
#include "study/reproduce/gpustack_facts.hpp"
#include "study/reproduce/gpustack_view.hpp"

namespace headroom {
namespace {

using namespace gpustack;

std::string text_of(const std::optional<std::int64_t>& number) {
  return number ? std::to_string(*number) : "unknown";
}

void compare(const std::string& what, const std::string& expected, const std::string& got,
             std::vector<Disagreement>& out) {
  if (expected != got) out.push_back({what, expected, got});
}

}  // namespace

std::vector<Disagreement> run_divisibility_case(const CaseValue& test) {
  std::vector<Disagreement> out;
  const std::int64_t tp = test.integer("tp_size");
  if (tp < 1 || tp > 1'000'000) {
    test.at("tp_size").reject("1 to 1,000,000");
    return out;
  }
  const auto fact = indivisible(ask_of(test), backend_of(test), static_cast<int>(tp));
  const CaseValue expected = test.some_of("expected", {"divisible", "message?"});
  compare("divisible", expected.flag_or("divisible", true) ? "yes" : "no", fact ? "no" : "yes",
          out);
  std::vector<std::string> messages;
  if (expected.has("message")) messages.push_back(expected.text("message"));
  std::vector<Fact> got;
  if (fact) got.push_back(*fact);
  compare_facts("message", messages, got, out);
  return out;
}

std::vector<Disagreement> run_heads_case(const CaseValue& test) {
  std::vector<Disagreement> out;
  const CaseValue config = test.at("config");
  const CaseValue expected =
      test.some_of("expected", {"num_attention_heads?", "vision_num_attention_heads?"});
  for (const std::string& key : expected.keys()) {
    if (key == "num_attention_heads") {
      const HeadSections sections{
          config.optional_integer(key), config.at("llm_config").optional_integer(key),
          config.at("text_config").optional_integer(key),
          config.at("thinker_config").at("text_config").optional_integer(key)};
      compare("heads", text_of(expected.optional_integer(key)),
              text_of(resolve_heads(sections, Version::today)), out);
    } else {
      const CaseValue vision = config.at("vision_config");
      compare("vision heads", text_of(expected.optional_integer(key)),
              text_of(resolve_vision_heads(vision.optional_integer("num_attention_heads"),
                                           vision.optional_integer("num_heads"),
                                           vision.integer_or("num_dummy_heads", 0))),
              out);
    }
  }
  return out;
}

std::vector<Disagreement> run_gpu_count_case(const CaseValue& test) {
  std::vector<Disagreement> out;
  const Ask ask = ask_of(test);
  const CaseValue expected =
      test.some_of("expected", {"gpus_per_replica?", "skip_gpu_count_check"});
  for (const std::string& key : expected.keys()) {
    if (key == "skip_gpu_count_check") {
      compare("check skipped", expected.flag_or(key, false) ? "yes" : "no",
              ask.skip_gpu_count_check ? "yes" : "no", out);
    } else {
      const auto count = default_gpus_per_replica(ask, backend_of(test));
      const std::string got = !count   ? facts_text({count.error()})
                              : *count ? std::to_string(**count)
                                       : "unknown";
      compare("GPUs per replica", text_of(expected.optional_integer(key)), got, out);
    }
  }
  return out;
}

}  // namespace headroom
