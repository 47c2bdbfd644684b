#pragma once
// A mix: which models stand in for the tasks of a trace, by the size of the task.
//
// Every task size falls into a band: a share of one GPU, or 1, 2, 4, 8 or 16 whole ones. A mix
// names for each band the models that usually run on so many GPUs of a named type. That only sorts
// a model into a band; where and on how many GPUs a deployment runs is for the placer to decide.

#include "sim/core/random.hpp"
#include "sim/core/result.hpp"
#include "sim/engine/engine.hpp"
#include "sim/models/model.hpp"
#include "sim/workload/degradation.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

/// A band is a number of GPUs, or this: a share of one.
inline constexpr int kShareBand = 0;
inline constexpr std::array kBands{kShareBand, 1, 2, 4, 8, 16};

/// "share", "1", ... "16".
[[nodiscard]] std::string band_text(int band);

struct MixEntry {
  std::shared_ptr<const Model> model;
  int band = 1;                // kShareBand or the GPUs below, rounded up to a power of two
  int usual_gpus = 1;          // GPUs the model usually takes
  std::string usual_gpu;       // of this type
  std::int64_t weight = 1;     // chance of being drawn, against the others of the band
  std::int64_t min_u_ppm = 0;  // share band: least share of a GPU that holds it, in millionths
  ServingLimits limits;
  std::vector<int> allowed_tp;  // ascending; empty = any
  std::vector<Degradation> degradations;
};

struct Mix {
  std::string name;
  std::string description;
  std::vector<MixEntry> entries;  // in the file's order
};

/// Reads a mix file: TOML, schema "headroom.mix" version 1, as those in examples/mixes. Models are
/// the catalogue's, one object per model. Error: as ConfigTable::read; an unknown model, band or
/// key; a value out of range; an entry whose band does not go with its GPUs; no entry.
[[nodiscard]] Result<Mix> read_mix(const std::filesystem::path& file);
/// As above, from text; `where` names it in errors.
[[nodiscard]] Result<Mix> parse_mix(std::string_view toml, const std::string& where);

/// Draws entries by weight. The mix must outlive it.
class MixDraw {
 public:
  explicit MixDraw(const Mix& mix);

  /// From one band. Error: the mix has no entry in it.
  [[nodiscard]] Result<const MixEntry*> draw(int band, RandomStream& random) const;
  /// From all entries of all bands. Precondition: there is one.
  [[nodiscard]] const MixEntry& draw_any(RandomStream& random) const;

 private:
  struct Table {
    std::vector<const MixEntry*> entries;
    std::vector<std::int64_t> upto;  // weights summed up to and with each entry
    void add(const MixEntry& entry);
    [[nodiscard]] const MixEntry& draw(RandomStream& random) const;
  };

  std::string name_;
  std::map<int, Table> bands_;
  Table all_;
};

}  // namespace headroom
