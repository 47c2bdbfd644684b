#pragma once
// Made-up output of kubectl, GPUStack and nvidia-smi, in their formats.

#include <string>

namespace headroom::test {

extern const char* const kNodes;     // of four that count, and three that are left out
extern const char* const kPods;      // on them
extern const char* const kMigNodes;  // MIG "mixed" and "single", time slices
extern const char* const kBareNode;  // a GPU without labels
extern const char* const kWorkers;   // of GPUStack
extern const char* const kTopology;  // of four GPUs, two NVLink pairs
extern const char* const kMigXml;    // one GPU, two MIG devices

/// A list of one node with these resources ("\"cpu\": \"8\"").
[[nodiscard]] std::string node_json(const std::string& name, const std::string& resources);
/// `nvidia-smi -q -x` of equal GPUs; 30 GiB of GPU 1 are used by a process.
[[nodiscard]] std::string smi_xml(int gpus);
/// A matrix with the same link between all pairs.
[[nodiscard]] std::string full_topology(int gpus, const std::string& link);

}  // namespace headroom::test
