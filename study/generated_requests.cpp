#include "study/generated_requests.hpp"

#include "traces/generate/task_generator.hpp"
#include "traces/llm_mapping.hpp"

#include <utility>

namespace headroom {

Result<std::optional<Mix>> mix_of(const GeneratorSpec& spec, const std::filesystem::path& file) {
  if (!spec.mix) return std::nullopt;
  const std::filesystem::path named(*spec.mix);
  return read_mix(named.is_absolute() ? named : file.parent_path() / named);
}

Result<std::unique_ptr<RequestSource>> generated_requests(const GeneratorSpec& spec, const Mix* mix,
                                                          const std::optional<TokenProfile>& tokens,
                                                          std::uint64_t seed) {
  HEADROOM_TRY(auto tasks, make_task_generator(spec, seed));
  if (mix == nullptr) return opaque_source(std::move(tasks));
  return llm_source(std::move(tasks), *mix, seed, tokens);
}

}  // namespace headroom
