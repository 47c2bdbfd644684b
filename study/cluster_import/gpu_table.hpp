#pragma once
// The GPU types of an imported cluster: as the catalogue has them where the product is known, but
// of the memory that was told; else own ones.

#include "sim/hardware/gpu_type.hpp"
#include "study/cluster_import/found_cluster.hpp"

#include <string>
#include <vector>

namespace headroom {

class GpuTable {
 public:
  /// `fallback` stands for devices whose type the source does not tell; may be null.
  explicit GpuTable(const GpuType* fallback) : fallback_(fallback) {}

  /// The type of a device, taking it in if it is new. The reference holds until the next call.
  /// Error: neither a type nor a memory is told.
  [[nodiscard]] Result<const GpuType*> type_of(const FoundDevice& device, const std::string& node);

  /// The own types, in order of first use: what needs a [[gpu]] table.
  [[nodiscard]] std::vector<GpuType> own() const;
  /// What had to be assumed of them, each sentence once.
  [[nodiscard]] const std::vector<std::string>& assumptions() const { return assumptions_; }

 private:
  struct Entry {
    std::string product;
    std::string slice;
    Bytes memory = 0;
    int capability = 0;
    GpuType type;
    bool own = false;       // it needs a [[gpu]] table, and is the first of its name
    std::string catalogue;  // name there of what it is; empty: not in it, or a part of it
  };
  [[nodiscard]] Result<Entry> make(const FoundDevice& device, const std::string& node);
  void take_whole(const GpuType& known, Entry& entry);
  void assume_differences(const GpuType& known, const FoundDevice& device);
  [[nodiscard]] GpuType slice_of(const GpuType& whole, const FoundDevice& device);
  [[nodiscard]] std::string free_name(const std::string& wanted, Bytes memory) const;
  void assume(std::string sentence);

  const GpuType* fallback_;
  std::vector<Entry> entries_;
  std::vector<std::string> assumptions_;
};

}  // namespace headroom
