#include "traces/itp.hpp"

#include "tests/traces/helpers.hpp"

namespace headroom {

using namespace test;

namespace {

std::string jobs_error(const std::string& rows) {
  const TempDir folder;
  auto reader = require_value(
      open_itp(folder.write("jobs.csv", "job_id,submission_time,duration,num_gpu\n" + rows)));
  return first_error(*reader);
}

}  // namespace

TEST_CASE("ITP jobs become tasks of whole GPUs without CPU and RAM") {
  auto reader = require_value(open_itp(source_path("traces/samples/itp-jobs.csv")));
  const auto tasks = collect(*reader);
  REQUIRE(tasks.size() == 8);
  CHECK(tasks[5].name == "sample-job-6");
  CHECK(tasks[5].arrival == SimTime(std::chrono::seconds(2'400)));
  CHECK(tasks[5].lifetime == std::chrono::seconds(900));
  CHECK(tasks[5].gpus == 59);
  CHECK(tasks[5].milli == 1000);
  CHECK(tasks[5].cpu_milli == 0);
  CHECK(tasks[5].ram == 0);
  CHECK(tasks[5].gpu_types.empty());
}

TEST_CASE("ITP columns are found by name, so that the deadline variant reads too") {
  const TempDir folder;
  auto reader = require_value(open_itp(
      folder.write("d.csv",
                   "job_id,submission_time,num_iteration,model_name,deadline,batch_size,num_gpu,"
                   "duration\nj,10,5,vgg16,99,32,4,0\n")));
  const auto tasks = collect(*reader);
  REQUIRE(tasks.size() == 1);
  CHECK(tasks[0].gpus == 4);
  CHECK(tasks[0].lifetime == Duration::zero());
}

TEST_CASE("bad ITP jobs are refused with place, value and reason") {
  check_holds(jobs_error("a,15,1,1\nb,12,1,1\n"),
              "jobs.csv:3:3: arrival 12 is before the previous row's 15");
  check_holds(jobs_error("a,0,-5,1\n"), "jobs.csv:2:5: duration is -5, but must not be negative");
  check_holds(jobs_error("a,0,nan,1\n"), "duration: 'nan' is not a number");
  check_holds(jobs_error("a,0,1,eight\n"), "num_gpu is 'eight', but must be an integer");
  check_holds(jobs_error("a,0,1,-8\n"), "num_gpu is -8, but must be from 0 to 1000000");
  check_holds(jobs_error(",0,1,1\n"), "job_id is empty");
  CHECK(jobs_error("").empty());
}

}  // namespace headroom
