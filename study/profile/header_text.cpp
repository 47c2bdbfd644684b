// What a profile is of, and where it comes from.

#include "study/profile/show.hpp"
#include "study/profile/words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace headroom::profile {
namespace {

std::string line(const char* label, const std::string& text) {
  return text.empty() ? "" : fmt::format("  {:<11}{}\n", label, text);
}

/// Appends ", TEXT".
void add(std::string& to, const std::string& text) {
  if (text.empty()) return;
  to += (to.empty() ? "" : ", ") + text;
}

std::string words(const Text& text, const char* form) {
  return text && !text->empty() ? fmt::format(fmt::runtime(form), plain_text(*text)) : "";
}

std::string number(const Number& value, double unit, const char* form) {
  return value ? fmt::format(fmt::runtime(form), *value / unit) : "";
}

std::string count(const Count& value, double unit, const char* form) {
  return value ? fmt::format(fmt::runtime(form), static_cast<double>(*value) / unit) : "";
}

std::string flag(const std::optional<bool>& value, const char* name) {
  return value ? fmt::format("{} {}", name, *value ? "on" : "off") : "";
}

std::string device_line(const Device& d) {
  std::string out;
  add(out, words(d.compute_capability, "compute capability {}"));
  add(out, count(d.multiprocessors, 1.0, "{:.0f} multiprocessors"));
  add(out, count(d.threads, 1.0, "{:.0f} threads"));
  add(out, words(d.features, "{}"));
  add(out, count(d.cache_bytes, 1024.0 * 1024.0, "{:.4g} MiB of cache"));
  add(out, count(d.memory_bytes, 1024.0 * 1024.0 * 1024.0, "{:.4g} GiB of memory"));
  add(out, count(d.memory_bus_bits, 1.0, "{:.0f} bits wide"));
  return out;
}

std::string settings_line(const Device& d) {
  std::string out;
  add(out, words(d.driver, "driver {}"));
  add(out, words(d.cuda_runtime, "CUDA {}"));
  add(out, number(d.clock_max_mhz, 1.0, "up to {:.0f} MHz"));
  add(out, number(d.memory_clock_mhz, 1.0, "memory {:.0f} MHz"));
  add(out, number(d.power_limit_w, 1.0, "at most {:.0f} W"));
  add(out, flag(d.ecc, "ECC"));
  add(out, flag(d.mig, "MIG"));
  return out;
}

std::string source_line(const Source& s) {
  if (!s.imported) return "measured";
  return fmt::format("imported: {}, license {}, from {}",
                     plain_text(s.name.value_or("name not given")),
                     plain_text(s.license.value_or("not given")),
                     plain_text(s.location.value_or("a place not given")));
}

std::string tool_line(const Tool& t) {
  std::string out;
  add(out, words(t.version, "headroom {}") + words(t.revision, " ({})"));
  add(out, words(t.build, "{}"));
  add(out, words(t.compiler, "{}"));
  add(out, words(t.cuda_compiler, "{}"));
  if (t.cuda_architectures) {
    add(out, plain_text(fmt::format("for {}", fmt::join(*t.cuda_architectures, " "))));
  }
  return out;
}

std::string libraries_line(const Libraries& l) {
  std::string out;
  add(out, words(l.nvml, "NVML {}"));
  add(out, words(l.cupti, "CUPTI {}"));
  add(out, words(l.cudnn, "cuDNN {}"));
  add(out, words(l.nccl, "NCCL {}"));
  return out;
}

std::string ceilings_line(const Ceilings& c) {
  std::string out;
  add(out, number(c.read_bytes_per_s, 1e9, "read {:.4g} GB/s"));
  add(out, number(c.copy_bytes_per_s, 1e9, "copy {:.4g} GB/s"));
  add(out, number(c.matmul_flop_per_s, 1e12, "matmul {:.4g} TFLOP/s"));
  if (c.exp_per_s) add(out, si_text(*c.exp_per_s) + " exp/s");
  add(out, number(c.launch_us, 1.0, "a launch {:.3g} us"));
  return out.empty() ? "not known" : out;
}

std::string counts_line(const Profile& p) {
  std::string out = counts_text(p);
  if (!p.skipped.empty()) out += fmt::format(", {} skipped", count_text(p.skipped.size()));
  if (!p.fits.empty()) out += ", " + counted(p.fits.size(), "fit");
  for (const std::string& name : kFlags) {
    const auto flagged =
        std::count_if(p.attention.begin(), p.attention.end(), [&](const Point& point) {
          return std::find(point.flags.begin(), point.flags.end(), name) != point.flags.end();
        });
    if (flagged > 0) out += fmt::format(", {} {}", flagged, name);
  }
  return out;
}

/// Why points were skipped, the most frequent reason first.
std::string skipped_lines(const Profile& p) {
  constexpr std::size_t kMostReasons = 5;
  std::vector<std::pair<std::size_t, std::string>> reasons;
  for (const Skipped& one : p.skipped) {
    const auto known = std::find_if(reasons.begin(), reasons.end(),
                                    [&](const auto& r) { return r.second == one.reason; });
    if (known == reasons.end()) {
      reasons.emplace_back(1, one.reason);
    } else {
      ++known->first;
    }
  }
  std::stable_sort(reasons.begin(), reasons.end(),
                   [](const auto& x, const auto& y) { return x.first > y.first; });
  std::string out;
  for (std::size_t i = 0; i < std::min(reasons.size(), kMostReasons); ++i) {
    out += line(i == 0 ? "skipped" : "",
                fmt::format("{}: {}", count_text(reasons[i].first), plain_text(reasons[i].second)));
  }
  return out + left_out(reasons.size(), std::min(reasons.size(), kMostReasons), "reasons");
}

}  // namespace

std::string header_text(const Profile& p) {
  return fmt::format("{}{}\n", device_words(p.device),
                     p.complete ? "" : ": INCOMPLETE, not all points asked for were measured") +
         line("created", plain_text(p.created.value_or("not known"))) +
         line("source", source_line(p.source)) + line("", plain_text(p.source.note.value_or(""))) +
         line("written by", tool_line(p.tool)) + line("device", device_line(p.device)) +
         line("", settings_line(p.device)) + line("libraries", libraries_line(p.libraries)) +
         line("ceilings", ceilings_line(p.ceilings)) + line("points", counts_line(p)) +
         skipped_lines(p);
}

}  // namespace headroom::profile
