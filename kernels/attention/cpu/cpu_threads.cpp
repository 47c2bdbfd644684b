#include "kernels/attention/cpu/cpu_attention.hpp"

#include <barrier>
#include <cstddef>
#include <thread>
#include <vector>

namespace headroom::kernels {

struct CpuThreads::State {
  explicit State(int count) : starts(count), ends(count) {}

  std::barrier<> starts;
  std::barrier<> ends;
  const std::function<void(int)>* job = nullptr;  // null: the threads end
  std::vector<std::thread> others;
};

CpuThreads::CpuThreads(int count) : state_(std::make_unique<State>(count)) {
  for (int thread = 1; thread < count; ++thread) {
    state_->others.emplace_back([state = state_.get(), thread] {
      while (true) {
        state->starts.arrive_and_wait();
        if (state->job == nullptr) return;
        (*state->job)(thread);
        state->ends.arrive_and_wait();
      }
    });
  }
}

CpuThreads::~CpuThreads() {
  state_->job = nullptr;
  state_->starts.arrive_and_wait();
  for (std::thread& other : state_->others) other.join();
}

int CpuThreads::count() const { return static_cast<int>(state_->others.size()) + 1; }

void CpuThreads::run(const std::function<void(int)>& job) {
  state_->job = &job;
  state_->starts.arrive_and_wait();
  job(0);
  state_->ends.arrive_and_wait();
}

}  // namespace headroom::kernels
