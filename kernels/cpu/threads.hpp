#pragma once

#include <functional>
#include <memory>

namespace headroom::kernels {

/// Threads that wait for work, so that a measured run starts none.
class CpuThreads {
 public:
  /// count: at least 1, the caller among them.
  explicit CpuThreads(int count);
  ~CpuThreads();
  CpuThreads(const CpuThreads&) = delete;
  CpuThreads& operator=(const CpuThreads&) = delete;

  [[nodiscard]] int count() const;
  /// Calls job(thread) on every thread, and returns when all are done.
  void run(const std::function<void(int thread)>& job);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace headroom::kernels
