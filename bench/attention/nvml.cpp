#include "bench/attention/nvml.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace headroom::bench {
namespace {

// The part of NVML's interface that is used here, from its public reference
// (docs.nvidia.com/deploy/ nvml-api): the toolkit does not always bring nvml.h.
using Code = int;  // nvmlReturn_t, 0: success
using Handle = struct NvmlDevice*;
constexpr unsigned kTextSize = 96;
constexpr int kSmClock = 1;
constexpr int kMemoryClock = 2;
constexpr int kTemperatureOfGpu = 0;

// nvmlClocksEventReason*
struct Reason {
  std::uint64_t bit;
  std::string_view name;
};
constexpr std::array<Reason, 8> kReasons{{{0x2, "applications_clocks"},
                                          {0x4, "sw_power_cap"},
                                          {0x8, "hw_slowdown"},
                                          {0x10, "sync_boost"},
                                          {0x20, "sw_thermal_slowdown"},
                                          {0x40, "hw_thermal_slowdown"},
                                          {0x80, "hw_power_brake"},
                                          {0x100, "display_clocks"}}};

}  // namespace

struct Nvml::Functions {
  Handle device = nullptr;
  Code (*shutdown)() = nullptr;
  Code (*driver_version)(char* text, unsigned size) = nullptr;
  Code (*nvml_version)(char* text, unsigned size) = nullptr;
  Code (*clock)(Handle, int which, unsigned* mhz) = nullptr;
  Code (*most_clock)(Handle, int which, unsigned* mhz) = nullptr;
  Code (*power)(Handle, unsigned* milliwatts) = nullptr;
  Code (*power_limit)(Handle, unsigned* milliwatts) = nullptr;
  Code (*temperature)(Handle, int sensor, unsigned* celsius) = nullptr;
  Code (*throttle)(Handle, unsigned long long* reasons) = nullptr;
  Code (*ecc)(Handle, int* current, int* pending) = nullptr;
  Code (*mig)(Handle, unsigned* current, unsigned* pending) = nullptr;
  Code (*bus_width)(Handle, unsigned* bits) = nullptr;
};

namespace {

// One value that a call fills in, where the call succeeds.
template <class Value, class Call, class... Arguments>
std::optional<Value> ask(Call call, Arguments... arguments) {
  Value value{};
  if (call(arguments..., &value) != 0) return std::nullopt;
  return value;
}

std::optional<std::string> ask_text(Code (*call)(char*, unsigned)) {
  std::array<char, kTextSize> text{};
  if (call(text.data(), kTextSize) != 0) return std::nullopt;
  return std::string(text.data());
}

profile::Number scaled(std::optional<unsigned> value, double factor = 1.0) {
  if (!value) return std::nullopt;
  return *value * factor;
}

}  // namespace

Nvml::Nvml(Library library, std::unique_ptr<Functions> functions)
    : library_(library), functions_(std::move(functions)) {}

Nvml::~Nvml() { functions_->shutdown(); }

Result<std::unique_ptr<Nvml>> Nvml::open(const std::string& pci_bus_id) {
  const std::array<std::string, 1> names{"libnvidia-ml.so.1"};
  HEADROOM_TRY(Library library, Library::open(names));
  auto out = std::make_unique<Functions>();
  const auto load = [&](auto& function, const char* name) -> Status {
    using Pointer = std::remove_reference_t<decltype(function)>;
    HEADROOM_TRY(function, library.find<std::remove_pointer_t<Pointer>>(name));
    return {};
  };
  HEADROOM_CHECK(load(out->shutdown, "nvmlShutdown"));
  HEADROOM_CHECK(load(out->driver_version, "nvmlSystemGetDriverVersion"));
  HEADROOM_CHECK(load(out->nvml_version, "nvmlSystemGetNVMLVersion"));
  HEADROOM_CHECK(load(out->clock, "nvmlDeviceGetClockInfo"));
  HEADROOM_CHECK(load(out->most_clock, "nvmlDeviceGetMaxClockInfo"));
  HEADROOM_CHECK(load(out->power, "nvmlDeviceGetPowerUsage"));
  HEADROOM_CHECK(load(out->power_limit, "nvmlDeviceGetEnforcedPowerLimit"));
  HEADROOM_CHECK(load(out->temperature, "nvmlDeviceGetTemperature"));
  HEADROOM_CHECK(load(out->throttle, "nvmlDeviceGetCurrentClocksThrottleReasons"));
  HEADROOM_CHECK(load(out->ecc, "nvmlDeviceGetEccMode"));
  HEADROOM_CHECK(load(out->mig, "nvmlDeviceGetMigMode"));
  HEADROOM_CHECK(load(out->bus_width, "nvmlDeviceGetMemoryBusWidth"));
  HEADROOM_TRY(auto* const initialise, library.find<Code()>("nvmlInit_v2"));
  HEADROOM_TRY(auto* const handle_of,
               (library.find<Code(const char*, Handle*)>("nvmlDeviceGetHandleByPciBusId_v2")));
  if (const Code code = initialise(); code != 0) {
    return fail("nvmlInit_v2 returned " + std::to_string(code));
  }
  if (const Code code = handle_of(pci_bus_id.c_str(), &out->device); code != 0) {
    out->shutdown();
    return fail("NVML does not know the GPU " + pci_bus_id + ": " + std::to_string(code));
  }
  return std::unique_ptr<Nvml>(new Nvml(library, std::move(out)));
}

void Nvml::describe(profile::Device& device) const {
  const Functions& f = *functions_;
  device.driver = ask_text(f.driver_version);
  device.clock_max_mhz = scaled(ask<unsigned>(f.most_clock, f.device, kSmClock));
  device.memory_clock_mhz = scaled(ask<unsigned>(f.most_clock, f.device, kMemoryClock));
  device.power_limit_w = scaled(ask<unsigned>(f.power_limit, f.device), 1e-3);
  if (const auto bits = ask<unsigned>(f.bus_width, f.device)) device.memory_bus_bits = *bits;
  int ecc = 0;
  int pending_ecc = 0;
  if (f.ecc(f.device, &ecc, &pending_ecc) == 0) device.ecc = ecc != 0;
  unsigned mig = 0;
  unsigned pending_mig = 0;
  if (f.mig(f.device, &mig, &pending_mig) == 0) device.mig = mig != 0;
}

profile::State Nvml::state() const {
  const Functions& f = *functions_;
  profile::State out;
  out.clock_mhz = scaled(ask<unsigned>(f.clock, f.device, kSmClock));
  out.power_w = scaled(ask<unsigned>(f.power, f.device), 1e-3);
  out.temperature_c = scaled(ask<unsigned>(f.temperature, f.device, kTemperatureOfGpu));
  if (const auto bits = ask<unsigned long long>(f.throttle, f.device)) {
    out.throttle.emplace();
    for (const Reason& reason : kReasons) {
      if ((*bits & reason.bit) != 0) out.throttle->emplace_back(reason.name);
    }
  }
  return out;
}

std::string Nvml::version() const { return ask_text(functions_->nvml_version).value_or("unknown"); }

}  // namespace headroom::bench
