// Bad scenario, cluster, mix and model files.

#include "tests/catch.hpp"
#include "tests/cli/bad_input.hpp"

using namespace headroom::test;

namespace {

BadInput with(const std::string& what, const Edits& edits, std::vector<std::string> pieces) {
  return {what, {{"s.toml", listed_scenario(edits)}}, std::move(pieces)};
}

BadInput ending(const std::string& what, const std::string& more, std::vector<std::string> pieces) {
  return {what, {{"s.toml", listed_scenario({}, more)}}, std::move(pieces)};
}

BadInput raw(const std::string& what, const std::string& content, std::vector<std::string> pieces) {
  return {what, {{"s.toml", content}}, std::move(pieces)};
}

// A request with the model of a config.json.
BadInput model_config(const std::string& what, const std::string& json,
                      std::vector<std::string> pieces) {
  return {what,
          {{"s.toml", listed_scenario({{"model = \"meta-llama-3.1-8b\"", "config = \"c.json\""}})},
           {"c.json", json}},
          std::move(pieces)};
}

}  // namespace

TEST_CASE("files that are not scenarios are refused", "[cli]") {
  check_refused(BadInput{"a missing file", {}, {"@/s.toml: ", "No such file"}});
  check_refused(BadInput{"a folder", {}, {"headroom: @: ", "Is a directory"}, {"run", "@"}});
  check_refused({
      raw("an empty file", "", {"s.toml: ", "no nodes", "[[nodes]]"}),
      raw("broken TOML", "policies = [\"naive\"]\n\n[[cluster.nodes\n",
          {"s.toml:3:16: not valid TOML"}),
      raw("an unclosed string", "name = \"x\n", {"s.toml:1:10: not valid TOML"}),
      raw("a key twice", "seed = 1\nseed = 2\n", {"s.toml:2:", "not valid TOML", "seed"}),
      raw("binary garbage",
          std::string("\x7f"
                      "ELF\0\xff\xfe\x80",
                      8),
          {"s.toml:1:5: not valid TOML"}),
      raw("text that is not UTF-8", "name = \"\xff\"\n", {"s.toml:1:8: not valid TOML"}),
      raw("brackets without end", std::string(100'000, '['), {"s.toml:1:", "not valid TOML"}),
      raw("another schema", "schema = \"headroom.mix\"\n",
          {"s.toml:1:10: ", "'headroom.mix'", "'headroom.scenario'"}),
      raw("a version to come", "version = 2\n",
          {"s.toml:1:11: this is version 2", "version 1 is wanted"}),
  });
}

TEST_CASE("a byte order mark and CRLF line ends are no harm to a scenario", "[cli]") {
  // The message is about what follows, with the line where it stands.
  check_refused(raw("BOM",
                    "\xEF\xBB\xBFpolices = []\r\n" + listed_scenario({{"policies", "seed = 1 #"}}),
                    {"s.toml:1:11: unknown key 'polices'", "did you mean 'policies'?"}));
}

TEST_CASE("unknown keys and wrong types are refused by name and place", "[cli]") {
  check_refused({
      with("an unknown key at the top", {{"policies", "polices"}},
           {"s.toml:1:11: unknown key 'polices'", "did you mean 'policies'?"}),
      with("an unknown key of a node", {{"gpus = 4", "gpus = 4\ncuont = 3"}},
           {"s.toml:6:9: unknown key 'cuont'", "did you mean 'count'?"}),
      with("an unknown key of a request", {{"name = \"chat\"", "name = \"chat\"\ncontxt = 3"}},
           {"s.toml:9:10: unknown key 'contxt'", "did you mean 'context'?"}),
      ending("an unknown table", "[quue]\n", {"s.toml:10:1: unknown key 'quue'", "'queue'"}),
      ending("an unknown option of a policy", "[policy.head-aware]\nunknown_head = \"pass\"\n",
             {"s.toml:11:", "unknown key 'unknown_head'"}),
      ending("options of an unknown policy", "[policy.head-awere]\n",
             {"s.toml:10:", "unknown policy 'head-awere'", "'head-aware'"}),
      with("text for a number", {{"gpus = 4", "gpus = \"four\""}},
           {"s.toml:5:8: 'cluster.nodes[0].gpus' is text, 'four'", "must be an integer"}),
      with("a number for text", {{"gpu = \"RTX-3090\"", "gpu = 3090"}},
           {"s.toml:4:7: 'cluster.nodes[0].gpu' is an integer, 3090", "text in quotes"}),
      with("a text for a list", {{"[\"naive\"]", "\"naive\""}},
           {"s.toml:1:12: 'policies' is text", "an array of text"}),
      ending("a value for a table", "[engine.name]\n", {"s.toml:10:", "'engine.name' is a table"}),
      ending("a table for a list of tables", "[expect]\n", {"'expect' is a table"}),
  });
}

TEST_CASE("sizes and times out of range are refused", "[cli]") {
  check_refused({
      with("negative GPUs", {{"gpus = 4", "gpus = -1"}},
           {"s.toml:5:8: 'cluster.nodes[0].gpus' is -1", "from 0 to 64"}),
      with("a million million nodes", {{"gpus = 4", "gpus = 4\ncount = 1_000_000_000_000"}},
           {"s.toml:6:9: ", "count' is 1000000000000", "from 1 to 2000000"}),
      with("an integer beyond 64 bits", {{"gpus = 4", "gpus = 99999999999999999999"}},
           {"s.toml:5:", "not valid TOML"}),
      with("utilisation 7", {{"name = \"chat\"", "name = \"chat\"\nutilisation = 7"}},
           {"s.toml:9:15: 'request[0].utilisation' is 7", "from 0.01 to 1"}),
      with("utilisation nan", {{"name = \"chat\"", "name = \"chat\"\nutilisation = nan"}},
           {"s.toml:9:15: 'request[0].utilisation' is nan"}),
      with("an endless lifetime", {{"name = \"chat\"", "name = \"chat\"\nlifetime_s = inf"}},
           {"s.toml:9:14: 'request[0].lifetime_s' is inf", "from 0 to 3153600000"}),
      with("a negative lifetime", {{"name = \"chat\"", "name = \"chat\"\nlifetime_s = -0.5"}},
           {"s.toml:9:14: 'request[0].lifetime_s' is -0.5"}),
      with("more memory in use than there is", {{"gpus = 4", "gpus = 4\nused = \"30GiB\""}},
           {"s.toml:6:8: 'used' is 30.0 GiB", "24.0 GiB", "RTX-3090"}),
      with("a size without a unit that is known", {{"gpus = 4", "gpus = 4\nram = \"3 GB!\""}},
           {"s.toml:6:7: ", "ram'", "3 GB!"}),
      with("a negative size", {{"gpus = 4", "gpus = 4\nram = -1"}},
           {"s.toml:6:7: ", "ram' is -1", "cannot be negative"}),
      ending("a wait beyond all clocks", "[queue]\nwaiting_limit_s = 3e9\n",
             {"s.toml:11:19: 'waiting_limit_s' is 3000000000 s", "at most 315360000 s"}),
      ending("back-offs that add up to more than the clock holds",
             "[refusal]\nbackoff_most_s = 3e9\n", {"s.toml:11:18: 'backoff_most_s' is 3000000000"}),
      ending("storage of one byte a second", "[startup]\nstorage_bandwidth = 1\n",
             {"s.toml:11:21: ", "at least 1000000"}),
      ending("a series without steps", "[output]\nseries_interval_s = 1e-9\n",
             {"s.toml:11:21: 'output.series_interval_s' must be at least 1"}),
      ending("a window that ends before it begins", "[measure]\nfrom_s = 20\nto_s = 10\n",
             {"s.toml:12:8: 'measure.to_s' must be after 'measure.from_s'"}),
      with("a share of three GPUs",
           {{"model = \"meta-llama-3.1-8b\"", "gpus = 3\ngpu_milli = 500"}},
           {"s.toml:10:13: ", "gpu_milli", "needs gpus = 1"}),
      with("two million GPUs", {{"model = \"meta-llama-3.1-8b\"", "gpus = 2_000_000"}},
           {"s.toml:9:8: 'request[0].gpus' is 2000000"}),
  });
}

TEST_CASE("unknown names are refused with the nearest known one", "[cli]") {
  check_refused({
      with("a model", {{"meta-llama-3.1-8b", "meta-lama-3.1-8b"}},
           {"s.toml:9:9: unknown model 'meta-lama-3.1-8b'", "'meta-llama-3.1-8b'"}),
      with("a GPU type", {{"RTX-3090", "RTX-309"}},
           {"s.toml:4:7: unknown GPU type 'RTX-309'", "'RTX-3090'", "gpu_alias"}),
      with("a policy", {{"naive", "naiv"}},
           {"s.toml:1:12: unknown policy 'naiv'", "did you mean 'naive'?"}),
      ending("machines of a queue that reserves none",
             "[queue]\ndiscipline = \"sjf\"\nreserve = \"machines\"\n",
             {"s.toml:12:11: the queue discipline 'sjf' reserves no machines"}),
      ending("machines of nodes with several GPUs",
             "[queue]\ndiscipline = \"easy\"\nreserve = \"machines\"\n",
             {"s.toml:12:11: machines can only be reserved where all nodes are equal"}),
      ending("a priority beyond all", "[[request]]\nname = \"p\"\npriority = 1_000_000_001\n",
             {"s.toml:12:12: ", "priority", "1000000000"}),
      ending("a queue discipline", "[queue]\ndiscipline = \"fifo-skp\"\n",
             {"s.toml:11:14: 'queue.discipline' is 'fifo-skp'", "did you mean 'fifo-skip'?"}),
      ending("an engine", "[engine]\nname = \"vlm\"\n",
             {"s.toml:11:8: 'engine.name' is 'vlm'", "did you mean 'vllm'?"}),
      ending("what a refusal leads to", "[refusal]\non_refusal = \"giveup\"\n",
             {"s.toml:11:14: 'refusal.on_refusal' is 'giveup'", "did you mean 'give_up'?"}),
      with("a GPU type of a request",
           {{"name = \"chat\"", "name = \"chat\"\ngpu_types = [\"RTX-3080\"]"}},
           {"s.toml:9:13: the cluster has no GPU type 'RTX-3080'", "did you mean 'RTX-3090'?"}),
      ending("a policy of an expectation",
             "[[expect]]\npolicy = \"naiv\"\nrequest = \"chat\"\noutcome = \"placed\"\n",
             {"s.toml:10:1: unknown policy 'naiv'", "did you mean 'naive'?"}),
      ending("a policy of an expectation that is not run",
             "[[expect]]\npolicy = \"head-aware\"\nrequest = \"chat\"\noutcome = \"placed\"\n",
             {"s.toml:10:1: this scenario does not run the policy 'head-aware'"}),
      ending("a request of an expectation",
             "[[expect]]\npolicy = \"naive\"\nrequest = \"chatt\"\noutcome = \"placed\"\n",
             {"s.toml:10:1: there is no request 'chatt'", "did you mean 'chat'?"}),
      ending("an outcome of an expectation",
             "[[expect]]\npolicy = \"naive\"\nrequest = \"chat\"\noutcome = \"plased\"\n",
             {"s.toml:13:11: ", "'plased'", "did you mean 'placed'?"}),
      ending("an override of a node that is not there",
             "[[cluster.override]]\nnode = \"group0-4\"\n",
             {"s.toml:11:8: there is no node 'group0-4'", "'group0-0'"}),
  });
}

TEST_CASE("scenarios that say too much or too little are refused", "[cli]") {
  const std::string no_nodes = "policies = [\"naive\"]\n[[request]]\nname = \"a\"\ngpus = 1\n";
  const std::string generate = "[workload]\nmix = \"m.toml\"\n[workload.generate]\nrequests = 3\n";
  check_refused({
      raw("no cluster", no_nodes, {"s.toml: the cluster has no nodes", "[[nodes]]"}),
      raw("a list of nodes that is empty", no_nodes + "[cluster]\nnodes = []\n",
          {"s.toml:5:1: the cluster has no nodes"}),
      raw("no workload", "[[cluster.nodes]]\ngpu = \"T4\"\ngpus = 1\n",
          {"s.toml:1:1: nothing to run", "--trace"}),
      ending("two workloads", generate, {"s.toml:10:1: a scenario takes one of"}),
      raw("an empty list of requests", "request = []\n[[cluster.nodes]]\ngpu = \"T4\"\ngpus = 1\n",
          {"s.toml:1:11: nothing to run: no [[request]]"}),
      raw("a load of a cluster without GPUs", "[[cluster.nodes]]\ncpus = 4\n" + generate,
          {"s.toml:5:1: ", "this cluster has none"}),
      ending("two clusters", "[cluster]\nfile = \"c.toml\"\n", {"s.toml:", "cluster"}),
      with("no policy", {{"[\"naive\"]", "[]"}}, {"s.toml:1:12: no policy is named"}),
      with("a policy twice", {{"[\"naive\"]", "[\"naive\", \"naive\"]"}},
           {"s.toml:1:12: 'naive' is named twice"}),
      with("a policy for opaque tasks with deployments", {{"naive", "first-fit"}},
           {"s.toml:1:12: 'first-fit' places opaque tasks", "has deployments"}),
      with("a base placer for deployments", {{"policies", "base_placer = \"naive\"\npolicies"}},
           {"s.toml:1:15: 'naive' does not place opaque tasks"}),
      ending("two requests of one name", "[[request]]\nname = \"chat\"\ngpus = 1\n",
             {"s.toml:11:8: two requests are named 'chat'"}),
      ending("a replica of another's name",
             "[[request]]\nname = \"a/1\"\ngpus = 1\n"
             "[[request]]\nname = \"a\"\ngpus = 1\nreplicas = 2\n",
             {"s.toml:14:8: two requests are named 'a/1'"}),
      with("no name", {{"name = \"chat\"\n", ""}}, {"s.toml:7:1: 'request[0].name' is missing"}),
      with("an empty name", {{"\"chat\"", "\"\""}}, {"s.toml:8:8: 'name' is empty"}),
      with("an overlong name", {{"\"chat\"", "\"" + std::string(100'000, 'x') + "\""}},
           {"s.toml:8:8: this name has 100000 bytes", "200", "'xxxx"}),
      with("a name of two lines", {{"\"chat\"", "\"a\\nb\""}},
           {"s.toml:8:8: this name has a control character"}),
      with("both a name and a config of a model",
           {{"name = \"chat\"", "name = \"chat\"\nconfig = \"c.json\""}},
           {"s.toml:7:1: ", "either 'model'", "or 'config'"}),
      with("a config of $MODELS, which is not set",
           {{"model = \"meta-llama-3.1-8b\"", "config = \"$HEADROOM_NO_SUCH/c.json\""}},
           {"s.toml:9:10: ", "environment variable HEADROOM_NO_SUCH"}),
      raw("a misspelt list of requests",
          "[[cluster.nodes]]\ngpu = \"T4\"\ngpus = 1\n[[reqest]]\nname = \"a\"\n",
          {"s.toml:4:1: unknown key 'reqest'", "did you mean 'request'?"}),
  });
}

TEST_CASE("broken files that a scenario names are refused by their own name", "[cli]") {
  const Edits file = {
      {"[[cluster.nodes]]\ngpu = \"RTX-3090\"\ngpus = 4", "[cluster]\nfile = \"c.toml\""}};
  const std::string mixed =
      "[[cluster.nodes]]\ngpu = \"T4\"\ngpus = 1\n[workload]\nmix = \"m.toml\"\n"
      "[workload.generate]\nrequests = 3\n";
  check_refused({
      {"a missing cluster", {{"s.toml", listed_scenario(file)}}, {"@/c.toml: ", "No such file"}},
      {"a cluster that is a scenario",
       {{"s.toml", listed_scenario(file)}, {"c.toml", "schema = \"headroom.scenario\"\n"}},
       {"@/c.toml:1:10: ", "'headroom.scenario'", "'headroom.cluster'"}},
      {"an unknown key in the cluster",
       {{"s.toml", listed_scenario(file)}, {"c.toml", "[[nodes]]\ngpu = \"T4\"\ngpu_count = 2\n"}},
       {"@/c.toml:3:13: unknown key 'gpu_count'"}},
      {"a missing mix", {{"s.toml", mixed}}, {"@/m.toml: ", "No such file"}},
      {"a mix without entries",
       {{"s.toml", mixed}, {"m.toml", "schema = \"headroom.mix\"\nversion = 1\nname = \"m\"\n"}},
       {"@/m.toml", "no [[entry]]"}},
      {"an unknown model in the mix",
       {{"s.toml", mixed},
        {"m.toml",
         "schema = \"headroom.mix\"\nversion = 1\nname = \"m\"\n"
         "[[entry]]\nmodel = \"qwen3-9b\"\nband = \"1\"\non = \"A10\"\n"}},
       {"@/m.toml:5:9: unknown model 'qwen3-9b'", "did you mean 'qwen3-"}},
  });
}

TEST_CASE("model configs that cannot be used are refused", "[cli]") {
  check_refused({
      model_config("not JSON", "{\"model_type\": \"llama\",\n \"hidden_size\" 4096}",
                   {"@/c.json:2:", "not JSON"}),
      model_config("empty", "", {"@/c.json", "not JSON"}),
      model_config("a list", "[]", {"@/c.json", "the document must be an object"}),
      model_config("an unknown kind", "{\"model_type\": \"lama\"}", {"@/c.json", "'lama'"}),
      model_config("no heads",
                   "{\"model_type\": \"llama\", \"hidden_size\": 4096, \"vocab_size\": 32000,"
                   " \"num_hidden_layers\": 32, \"intermediate_size\": 11008}",
                   {"@/c.json", "missing", "num_attention_heads"}),
      model_config("negative heads",
                   "{\"model_type\": \"llama\", \"hidden_size\": 4096, \"vocab_size\": 32000,"
                   " \"num_hidden_layers\": 32, \"intermediate_size\": 11008,"
                   " \"num_attention_heads\": -32}",
                   {"@/c.json", "num_attention_heads", "is -32"}),
      model_config("experts",
                   "{\"model_type\": \"llama\", \"hidden_size\": 4096, \"num_local_experts\": 8,"
                   " \"num_attention_heads\": 32}",
                   {"@/c.json", "mixture of experts", "num_local_experts is 8"}),
  });
}
