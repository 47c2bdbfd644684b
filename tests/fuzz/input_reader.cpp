// libFuzzer on what users give beside traces and config.json, one kind a run, named by the
// environment variable HEADROOM_FUZZ_INPUT. Seeds are in tests/fuzz/inputs. cmake --preset fuzz,
// cmake --build --preset fuzz, then
//   HEADROOM_FUZZ_INPUT=kubernetes build/fuzz/fuzz_input_reader NEW tests/fuzz/inputs
// where NEW is a folder for what it finds. What made a reader fail becomes a case of its own test.

#include "study/cluster_file.hpp"
#include "study/cluster_import/sources.hpp"
#include "study/profile/import.hpp"
#include "study/profile/profile.hpp"
#include "study/reproduce/batsim.hpp"
#include "study/reproduce/fgd/inputs.hpp"
#include "study/saved_state.hpp"
#include "tests/fuzz/memory_file.hpp"
#include "traces/generate/spec.hpp"
#include "traces/mix.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace {

using Read = void (*)(const std::string& path);

headroom::ClusterSpec two_nodes() {
  constexpr const char* kText = "[[nodes]]\nname = 'n'\ncount = 2\ngpu = 'A100-80GB'\ngpus = 4\n";
  const auto table = headroom::ConfigTable::parse(kText, "cluster");
  auto spec = headroom::read_cluster_config(*table, ".", {});
  if (!spec) std::abort();
  return *std::move(spec);
}

template <class Named>
std::vector<Named> named(const char* first, const char* second) {
  std::vector<Named> out(2);
  out[0].name = first;
  out[1].name = second;
  return out;
}

void read_order_of_two(const std::string& path) {
  static const auto kPods = named<headroom::fgd::Pod>("p0", "p1");
  static const auto kNodes = named<headroom::OpenbNode>("n0", "n1");
  (void)headroom::fgd::read_order(path, kPods, kNodes);
}

// What is read is also written, and reads back.
void read_profile(const std::string& path) {
  const auto found = headroom::profile::read_profile(path);
  if (!found) return;
  const std::string text = headroom::profile::profile_json(*found);
  const headroom::test::MemoryFile again(reinterpret_cast<const std::uint8_t*>(text.data()),
                                         text.size());
  if (!headroom::profile::read_profile(again.path())) std::abort();
}

void import_table(const std::string& path) {
  headroom::profile::ImportOptions options;
  options.files = {path};
  options.gpu = "H200";
  (void)headroom::profile::import_tables(options);
}

const std::map<std::string, Read>& readers() {
  static const std::map<std::string, Read> kReaders{
      {"kubernetes", [](const std::string& p) { (void)headroom::import_kubernetes(p, p); }},
      {"gpustack", [](const std::string& p) { (void)headroom::import_gpustack(p); }},
      {"nvidia-smi", [](const std::string& p) { (void)headroom::import_nvidia_smi(p, p, "n"); }},
      {"generator", [](const std::string& p) { (void)headroom::read_generator(p); }},
      {"mix", [](const std::string& p) { (void)headroom::read_mix(p); }},
      {"cluster", [](const std::string& p) { (void)headroom::read_cluster_file(p, {}); }},
      {"fgd-pods", [](const std::string& p) { (void)headroom::fgd::read_pods(p); }},
      {"fgd-order", read_order_of_two},
      {"batsim", [](const std::string& p) { (void)headroom::read_batsim_jobs(p); }},
      {"profile", read_profile},
      {"profile-table", import_table},
      {"state", [](const std::string& p) {
         static const headroom::ClusterSpec kCluster = two_nodes();
         (void)headroom::read_state(p, kCluster);
       }}};
  return kReaders;
}

Read reader_to_fuzz() {
  const char* name = std::getenv("HEADROOM_FUZZ_INPUT");
  const auto found = readers().find(name == nullptr ? "" : name);
  if (found != readers().end()) return found->second;
  std::fputs("HEADROOM_FUZZ_INPUT must be one of:", stderr);
  for (const auto& [known, read] : readers()) std::fprintf(stderr, " %s", known.c_str());
  std::fputs("\n", stderr);
  std::exit(2);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Read read = reader_to_fuzz();
  read(headroom::test::MemoryFile(data, size).path());
  return 0;
}
