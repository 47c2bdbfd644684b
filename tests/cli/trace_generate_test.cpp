// headroom trace generate and trace fit, and scenarios that use a generator file.

#include "tests/catch.hpp"
#include "tests/cli/command.hpp"
#include "tests/support.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>

using namespace headroom::test;

namespace {

const std::string kGenerator =
    "requests = 200\n[arrivals]\nprocess = \"gamma\"\nrate_per_h = 60\ncv = 2\n"
    "[[class]]\ngpus = [1, 3]\nreplicas = [1, 2]\n[class.lifetime]\nmedian_s = 600\nsigma = 1\n";

std::string scenario(const std::string& workload) {
  return "policies = [\"naive\"]\n[[cluster.nodes]]\ngpu = \"A10\"\ngpus = 4\ncount = 20\n"
         "[workload]\n" +
         workload;
}

void check_holds(const std::string& text, const std::string& part) {
  INFO("in: " << text << "\nwanted: " << part);
  CHECK(text.find(part) != std::string::npos);
}

/// stderr of a run that must be refused.
std::string refused(const std::vector<std::string>& arguments) {
  const auto result = run_headroom(arguments);
  INFO(result.out << result.err);
  CHECK(result.exit_code == 2);
  CHECK(result.out.empty());
  return result.err;
}

std::string mix() { return source_path("examples/mixes/model-zoo.toml").string(); }

}  // namespace

TEST_CASE("a generated trace is a native trace that runs", "[cli]") {
  const TempDir folder;
  const std::string file = folder.write("g.toml", kGenerator).string();
  const auto printed = run_headroom({"trace", "generate", file});
  REQUIRE(printed.exit_code == 0);
  CHECK(std::count(printed.out.begin(), printed.out.end(), '\n') >= 200);
  CHECK(run_headroom({"trace", "generate", file, "--seed", "1"}).out == printed.out);
  CHECK(run_headroom({"trace", "generate", file, "--seed", "2"}).out != printed.out);
  const auto few = run_headroom({"trace", "generate", file, "--requests", "10"});
  CHECK(printed.out.starts_with(few.out));
  CHECK(run_headroom({"trace", "generate", file, "--until", "0"}).out ==
        "{\"schema\":\"headroom.trace\",\"version\":1}\n");

  const std::string trace = (folder.path() / "t.jsonl.gz").string();
  CHECK(run_headroom({"trace", "generate", file, "--out", trace}).exit_code == 0);
  const std::string uses = folder.write("s.toml", scenario("trace = \"t.jsonl.gz\"\n")).string();
  const auto run = run_headroom({"run", uses, "--json"});
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  // The scenario that names the generator gives the same requests.
  const std::string direct = folder.write("d.toml", scenario("generator = \"g.toml\"\n")).string();
  const auto same = run_headroom({"run", direct, "--json"});
  REQUIRE(same.exit_code == 0);
  const auto one = nlohmann::json::parse(run.out);
  const auto other = nlohmann::json::parse(same.out);
  CHECK(one.at("runs") == other.at("runs"));
  CHECK(other.at("workload").at("kind") == "generator");
  CHECK(other.at("workload").at("requests") == 200);
  CHECK(other.at("workload").at("arrivals_per_hour") == 60.0);
}

TEST_CASE("generated tasks become deployments of a mix, replicas of one model", "[cli]") {
  const TempDir folder;
  const std::string file = folder.write("g.toml", kGenerator).string();
  const auto printed = run_headroom({"trace", "generate", file, "--mix", mix()});
  REQUIRE(printed.exit_code == 0);
  check_holds(printed.out, "\"model\":");
  check_holds(printed.out, "\"group\":\"task-");
  const auto named = folder.write("n.toml", "mix = \"" + mix() + "\"\n" + kGenerator).string();
  CHECK(run_headroom({"trace", "generate", named}).out == printed.out);
  const std::string uses =
      folder
          .write("s.toml", scenario("generator = \"g.toml\"\nas = \"llm\"\nload = 0.5\nmix = \"" +
                                    mix() + "\"\n"))
          .string();
  const auto run = run_headroom({"run", uses});
  INFO(run.out << run.err);
  CHECK(run.exit_code == 0);
  check_holds(run.out, "a trace made up by g.toml");
  check_holds(run.out, "at load 0.5");
}

TEST_CASE("a trace of tokens gives deployments their lengths", "[cli]") {
  const TempDir folder;
  folder.write("g.toml", kGenerator);
  folder.write("t.csv",
               "TIMESTAMP,ContextTokens,GeneratedTokens\n2024-01-01 00:00:00.0000000,900,100\n"
               "2024-01-01 00:02:00.0000000,5,5\n");
  const std::string lines =
      "generator = \"g.toml\"\nas = \"llm\"\nmix = \"" + mix() + "\"\ntokens = \"t.csv\"\n";
  const std::string good = folder.write("s.toml", scenario(lines)).string();
  const auto run = run_headroom({"run", good});
  INFO(run.out << run.err);
  CHECK(run.exit_code == 0);
  check_holds(run.out, "lengths and concurrency of t.csv");
  const auto error_of = [&](const std::string& more) {
    return refused({"run", folder.write("b.toml", scenario(more)).string()});
  };
  check_holds(error_of("generator = \"g.toml\"\ntokens = \"t.csv\"\n"), "needs as = \"llm\"");
  check_holds(error_of(lines + "tokens_window_s = 0\n"), "b.toml:11:19: ");
  check_holds(error_of("generator = \"g.toml\"\ntokens_step_s = 1\n"), "needs a 'tokens' trace");
  folder.write("t.csv", "job_id,submission_time,duration,num_gpu\na,0,1,1\n");
  check_holds(error_of(lines), "says nothing of tokens");
}

TEST_CASE("wrong uses of a generator file are refused", "[cli]") {
  const TempDir folder;
  const std::string endless = kGenerator.substr(kGenerator.find('\n') + 1);
  const std::string file = folder.write("g.toml", endless).string();
  check_holds(refused({"trace", "generate", file}), "does not say when to stop");
  check_holds(refused({"trace", "generate", file, "--until", "soon"}), "--until: 'soon'");
  check_holds(refused({"trace", "generate", file, "--until", "-1"}), "before the beginning");
  check_holds(refused({"trace", "generate", file, "--requests", "0"}), "--requests");
  check_holds(refused({"trace", "generate", (folder.path() / "no.toml").string()}), "No such file");
  const auto error_of = [&](const std::string& more) {
    return refused({"run", folder.write("s.toml", scenario(more)).string()});
  };
  check_holds(error_of("generator = \"g.toml\"\n"),
              "s.toml:7:13: this generator does not say when");
  check_holds(error_of("generator = \"g.toml\"\nrequests = 5\nas = \"llm\"\n"), "needs a mix");
  check_holds(error_of("generator = \"g.toml\"\n[workload.generate]\n"), "takes one of");
  folder.write("g.toml", "requests = 3\n[arrivals]\nrate_per_h = 1\n[[class]]\ngpus = [0]\n");
  check_holds(error_of("generator = \"g.toml\"\nload = 0.5\n"), "ask for no GPU");
}

TEST_CASE("trace fit writes a file, compares, and says by its exit code how it went", "[cli]") {
  const TempDir folder;
  std::string jobs = "job_id,submission_time,duration,num_gpu\n";
  int arrival = 0;
  for (int i = 0; i < 600; ++i) {
    arrival += 30 + i * 7'919 % 1'201;  // gaps evenly spread
    jobs += "j" + std::to_string(i) + "," + std::to_string(arrival) + "," +
            std::to_string(60 + i * i % 3'000) + "," + std::to_string(1 << i % 4) + "\n";
  }
  const std::string trace = folder.write("t.csv", jobs).string();
  const std::string out = (folder.path() / "g.toml").string();
  const auto fit = run_headroom({"trace", "fit", trace, "--out", out});
  INFO(fit.out << fit.err);
  CHECK(fit.exit_code == 0);
  check_holds(fit.out, "CV of the gaps between arrivals");
  CHECK(fit.out.find("outside") == std::string::npos);
  CHECK(run_headroom({"trace", "generate", out}).exit_code == 0);
  check_holds(refused({"trace", "fit", trace, "--out", out}), "g.toml");
  // Times between 60 and 3,060 s, evenly spread, are no Weibull distribution.
  const auto poor = run_headroom({"trace", "fit", trace, "--lifetimes", "weibull"});
  CHECK(poor.exit_code == 1);
  check_holds(poor.out, "outside");
  const std::string few =
      folder.write("few.csv", jobs.substr(0, jobs.rfind('\n', 300) + 1)).string();
  check_holds(refused({"trace", "fit", few}), "too few to fit");
  const std::string pollux = source_path("traces/samples/pollux-jobs.csv").string();
  check_holds(refused({"trace", "fit", pollux}), "says of none of its 8 tasks how long they ran");
}
