#include "sim/plan/shape_table.hpp"

#include <boost/container_hash/hash.hpp>

#include <algorithm>

namespace headroom {

std::size_t ShapeTable::Hash::operator()(const RequestShape& shape) const {
  std::size_t seed = 0;
  boost::hash_combine(seed, shape.cpu_milli);
  boost::hash_combine(seed, shape.ram);
  for (const auto& name : shape.allowed_gpus) boost::hash_combine(seed, name);
  if (const auto* llm = std::get_if<LlmDeployment>(&shape.what)) {
    boost::hash_combine(seed, llm->model.get());
    boost::hash_combine(seed, llm->limits.context);
    boost::hash_combine(seed, llm->limits.sequences);
    boost::hash_combine(seed, llm->limits.batched_tokens);
    boost::hash_combine(seed, llm->limits.utilisation_ppm);
    boost::hash_combine(seed, llm->degradations.size());
    boost::hash_combine(seed, llm->shared);
    for (const int tp : llm->allowed_tp) boost::hash_combine(seed, tp);
  } else {
    boost::hash_combine(seed, shape.opaque().gpus);
    boost::hash_combine(seed, shape.opaque().milli);
  }
  return seed;
}

const InternedShape& ShapeTable::intern(const RequestShape& shape) {
  if (const auto found = ids_.find(shape); found != ids_.end()) return at(found->second);

  const auto id = static_cast<ShapeId>(shapes_.size());
  auto interned = std::make_unique<InternedShape>(InternedShape{id, shape, id, {}, {}});
  for (std::size_t type = 0; type < cluster_.gpu_types.size(); ++type) {
    const auto& names = shape.allowed_gpus;
    if (names.empty() ||
        std::binary_search(names.begin(), names.end(), cluster_.gpu_types[type].name))
      interned->allowed.push_back(static_cast<GpuTypeId>(type));
  }
  ids_.emplace(shape, id);
  shapes_.push_back(std::move(interned));
  if (shape.cpu_milli != 0 || shape.ram != 0) {
    RequestShape gpus_only = shape;
    gpus_only.cpu_milli = 0;
    gpus_only.ram = 0;
    shapes_[index(id)]->gpu_shape = intern(gpus_only).id;
  }
  if (shape.kind() == RequestKind::llm) {
    for (const Degradation& degradation : shape.llm().degradations) {
      const InternedShape& degraded = intern(under(shape, degradation));
      shapes_[index(id)]->degraded.push_back(&degraded);
    }
  }
  return at(id);
}

RequestShape ShapeTable::under(const RequestShape& shape, const Degradation& degradation) {
  LlmDeployment llm = shape.llm();
  llm.degradations.clear();
  llm.limits = degraded_limits(degradation, llm.limits);
  if (degradation.checkpoint != Degradation::Checkpoint::as_asked) {
    auto& checkpoint = checkpoints_[{llm.model.get(), degradation.checkpoint}];
    if (checkpoint == nullptr) checkpoint = degraded_checkpoint(degradation, *llm.model);
    llm.model = checkpoint;
  }
  RequestShape out = shape;
  out.what = std::move(llm);
  return out;
}

}  // namespace headroom
