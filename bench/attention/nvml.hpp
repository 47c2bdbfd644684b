#pragma once
// What a GPU's driver says of it, by NVML (NVIDIA Management Library), where that is there. Nothing
// is ever set.

#include "bench/attention/library.hpp"
#include "sim/core/result.hpp"
#include "study/profile/profile.hpp"

#include <memory>
#include <string>

namespace headroom::bench {

class Nvml {
 public:
  /// The GPU with this PCI bus id, as cudaDeviceGetPCIBusId gives it. Error: there is no such
  /// library, it does not start, or it does not know the GPU.
  [[nodiscard]] static Result<std::unique_ptr<Nvml>> open(const std::string& pci_bus_id);
  ~Nvml();
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  /// Adds what is known here to the device's facts: driver, clocks, power limit, ECC, MIG.
  void describe(profile::Device& device) const;
  /// Clock, power, temperature and reasons for a lower clock, now.
  [[nodiscard]] profile::State state() const;
  /// NVML's version.
  [[nodiscard]] std::string version() const;

 private:
  struct Functions;
  Nvml(Library library, std::unique_ptr<Functions> functions);

  Library library_;
  std::unique_ptr<Functions> functions_;
};

}  // namespace headroom::bench
