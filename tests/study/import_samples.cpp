#include "tests/study/import_samples.hpp"

#include <fmt/format.h>

namespace headroom::test {

const char* const kNodes = R"({
  "apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""},
  "items": [
    {"kind": "Node",
     "metadata": {"name": "gpu-a", "labels": {
       "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3", "nvidia.com/gpu.memory": "81559",
       "nvidia.com/gpu.count": "8", "nvidia.com/gpu.compute.major": "9",
       "nvidia.com/gpu.compute.minor": "0", "nvidia.com/gpu.replicas": "1"}},
     "spec": {"taints": [{"key": "nvidia.com/gpu", "effect": "NoSchedule"}]},
     "status": {"capacity": {"cpu": "96", "memory": "110Gi", "nvidia.com/gpu": "8"},
                "allocatable": {"cpu": "95500m", "memory": "104857600Ki", "nvidia.com/gpu": "8",
                                "ephemeral-storage": "1Ti", "hugepages-2Mi": "0", "pods": "110"},
                "conditions": [{"type": "Ready", "status": "True"}]}},
    {"kind": "Node",
     "metadata": {"name": "gpu-b", "labels": {
       "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3", "nvidia.com/gpu.memory": "81559",
       "nvidia.com/gpu.compute.major": "9", "nvidia.com/gpu.compute.minor": "0"}},
     "status": {"allocatable": {"cpu": "96", "memory": "100Gi", "nvidia.com/gpu": "8",
                                "example.com/nic": "4"}}},
    {"kind": "Node",
     "metadata": {"name": "amd-a", "labels": {
       "amd.com/gpu.product-name": "AMD_Instinct_MI300X_OAM", "amd.com/gpu.vram": "192G"}},
     "status": {"allocatable": {"amd.com/gpu": "2"}}},
    {"kind": "Node", "metadata": {"name": "cpu-a"},
     "status": {"allocatable": {"cpu": "16", "memory": "64Gi"}}},
    {"kind": "Node", "metadata": {"name": "gone"},
     "status": {"allocatable": {}, "conditions": [{"type": "Ready", "status": "Unknown"}]}},
    {"kind": "Node", "metadata": {"name": "resting"}, "spec": {"unschedulable": true},
     "status": {"allocatable": {}}},
    {"kind": "Node", "metadata": {"name": "head"},
     "spec": {"taints": [{"key": "node-role.kubernetes.io/control-plane"}]},
     "status": {"allocatable": {"cpu": "4"}}}
  ]})";

const char* const kPods = R"({
  "apiVersion": "v1", "kind": "List",
  "items": [
    {"kind": "Pod", "metadata": {"name": "serving"},
     "spec": {"nodeName": "gpu-a", "containers": [
       {"resources": {"requests": {"cpu": "8", "memory": "16Gi"}, "limits": {"nvidia.com/gpu": "2"}}},
       {"resources": {"requests": {"cpu": "200m", "nvidia.com/gpu": "1"},
                      "limits": {"memory": "16Gi", "nvidia.com/gpu": "1"}}}],
       "initContainers": [{"resources": {"requests": {"cpu": "15", "memory": "1Gi"}}}],
       "overhead": {"memory": "1Gi", "cpu": "100m"}},
     "status": {"phase": "Running"}},
    {"kind": "Pod", "metadata": {"name": "starting"},
     "spec": {"nodeName": "gpu-a",
              "containers": [{"resources": {"requests": {"cpu": "100m", "nvidia.com/gpu": "1"}}}]},
     "status": {"phase": "Pending"}},
    {"kind": "Pod", "metadata": {"name": "ended"},
     "spec": {"nodeName": "gpu-a",
              "containers": [{"resources": {"limits": {"nvidia.com/gpu": "8"}}}]},
     "status": {"phase": "Succeeded"}},
    {"kind": "Pod", "metadata": {"name": "unplaced"},
     "spec": {"containers": [{"resources": {"limits": {"nvidia.com/gpu": "8"}}}]},
     "status": {"phase": "Pending"}},
    {"kind": "Pod", "metadata": {"name": "small"},
     "spec": {"nodeName": "gpu-b", "containers": [{}]}, "status": {"phase": "Running"}}
  ]})";

const char* const kMigNodes = R"({
  "kind": "NodeList",
  "items": [
    {"metadata": {"name": "mixed", "labels": {
       "nvidia.com/mig.strategy": "mixed", "nvidia.com/gpu.product": "NVIDIA-A100-SXM4-40GB",
       "nvidia.com/gpu.memory": "40960", "nvidia.com/mig-3g.20gb.memory": "19968"}},
     "status": {"allocatable": {"nvidia.com/gpu": "1", "nvidia.com/mig-1g.5gb": "2",
                                "nvidia.com/mig-3g.20gb": "1"}}},
    {"metadata": {"name": "single", "labels": {
       "nvidia.com/mig.strategy": "single",
       "nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB-MIG-1g.10gb",
       "nvidia.com/gpu.memory": "9728"}},
     "status": {"allocatable": {"nvidia.com/gpu": "7"}}},
    {"metadata": {"name": "sliced", "labels": {
       "nvidia.com/gpu.product": "Tesla-T4-SHARED", "nvidia.com/gpu.memory": "15360",
       "nvidia.com/gpu.replicas": "4"}},
     "status": {"allocatable": {"nvidia.com/gpu": "8"}}}
  ]})";

const char* const kBareNode = R"({"kind": "Node", "metadata": {"name": "plain"},
  "status": {"allocatable": {"nvidia.com/gpu": 1}}})";

const char* const kWorkers = R"({
  "items": [
    {"id": 1, "name": "desk", "hostname": "desk", "ip": "192.0.2.7", "state": "ready",
     "system_reserved": {"ram": 2147483648, "vram": 1073741824},
     "status": {
       "cpu": {"total": 32, "utilization_rate": 3.5},
       "memory": {"total": 68719476736, "used": 25769803776, "allocated": null},
       "gpu_devices": [
         {"name": "NVIDIA GeForce RTX 4090", "index": 0, "vendor": "nvidia", "type": "cuda",
          "compute_capability": "8.9",
          "memory": {"total": 25757220864, "used": 104857600, "allocated": 0}},
         {"name": "NVIDIA GeForce RTX 4090", "index": 1, "compute_capability": "8.9",
          "memory": {"total": 25757220864, "used": 1073741824, "allocated": 10737418240}},
         {"name": "NVIDIA GeForce RTX 4090", "index": 2, "compute_capability": "8.9",
          "memory": {"total": 25757220864, "used": 6442450944}}]}},
    {"id": 2, "name": "asleep", "state": "unreachable", "status": null}],
  "pagination": {"page": 1, "perPage": 2, "total": 6, "totalPage": 3}})";

const char* const kTopology =
    "\t\x1b[4mGPU0\tGPU1\tGPU2\tGPU3\tNIC0\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID\x1b[0m\n"
    "GPU0\t X \tNV4\tSYS\tSYS\tPXB\t0-31\t0\t\tN/A\n"
    "GPU1\tNV4\t X \tSYS\tSYS\tPXB\t0-31\t0\t\tN/A\n"
    "GPU2\tSYS\tSYS\t X \tPIX\tSYS\t32-63\t1\t\tN/A\n"
    "GPU3\tSYS\tSYS\tPIX\t X \tSYS\t32-63\t1\t\tN/A\n"
    "NIC0\tPXB\tPXB\tSYS\tSYS\t X \n"
    "\n"
    "Legend:\n"
    "\n"
    "  X    = Self\n"
    "  NV#  = Connection traversing a bonded set of # NVLinks\n"
    "\n"
    "NIC Legend:\n"
    "\n"
    "  NIC0: mlx5_0\n";

const char* const kMigXml = R"(<?xml version="1.0" ?>
<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">
<nvidia_smi_log>
  <attached_gpus>1</attached_gpus>
  <gpu id="00000000:0A:00.0">
    <product_name>NVIDIA A100-SXM4-40GB</product_name>
    <mig_mode><current_mig>Enabled</current_mig><pending_mig>Enabled</pending_mig></mig_mode>
    <mig_devices>
      <mig_device><index>0</index>
        <fb_memory_usage><total>19968 MiB</total><reserved>0 MiB</reserved>
          <used>1024 MiB</used><free>18944 MiB</free></fb_memory_usage></mig_device>
      <mig_device><index>1</index>
        <fb_memory_usage><total>4864 MiB</total><used>12 MiB</used><free>4852 MiB</free>
        </fb_memory_usage></mig_device>
    </mig_devices>
    <fb_memory_usage><total>40960 MiB</total><used>1036 MiB</used><free>39000 MiB</free>
    </fb_memory_usage>
    <processes></processes>
  </gpu>
</nvidia_smi_log>
)";

std::string node_json(const std::string& name, const std::string& resources) {
  return fmt::format(R"({{"kind": "Node", "metadata": {{"name": "{}"}},)"
                     R"( "status": {{"allocatable": {{{}}}}}}})",
                     name, resources);
}

std::string smi_xml(int gpus) {
  std::string out =
      "<?xml version=\"1.0\" ?>\n"
      "<!DOCTYPE nvidia_smi_log SYSTEM \"nvsmi_device_v12.dtd\">\n"
      "<nvidia_smi_log>\n  <!-- a comment -->\n  <timestamp>Mon Jan  1 00:00:00 2024</timestamp>\n"
      "  <driver_version>550.54.15</driver_version>\n";
  for (int i = 0; i < gpus; ++i) {
    const int used = i == 1 ? 30 * 1024 - 600 : 4;
    out += fmt::format(
        "  <gpu id=\"00000000:{:02X}:00.0\">\n"
        "    <product_name>NVIDIA A100-SXM4-80GB</product_name>\n"
        "    <mig_mode><current_mig>Disabled</current_mig></mig_mode>\n"
        "    <mig_devices>None</mig_devices>\n"
        "    <fb_memory_usage><total>81920 MiB</total><reserved>600 MiB</reserved>"
        "<used>{} MiB</used><free>{} MiB</free></fb_memory_usage>\n"
        "    <processes>{}</processes>\n"
        "  </gpu>\n",
        i, used, 81920 - 600 - used,
        i == 1 ? "<process_info><pid>7</pid><used_memory>30120 MiB</used_memory></process_info>"
               : "");
  }
  return out + "</nvidia_smi_log>\n";
}

std::string full_topology(int gpus, const std::string& link) {
  std::string out;
  for (int i = 0; i < gpus; ++i) out += fmt::format("\tGPU{}", i);
  out += "\tCPU Affinity\n";
  for (int i = 0; i < gpus; ++i) {
    out += fmt::format("GPU{}", i);
    for (int j = 0; j < gpus; ++j) out += "\t" + (i == j ? " X " : link);
    out += "\t0-63\n";
  }
  return out;
}

}  // namespace headroom::test
