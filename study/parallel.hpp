#pragma once
// Independent pieces of work on several threads.

#include <cstddef>
#include <functional>

namespace headroom {

/// Does work(0) to work(count - 1), `threads` at a time (0 or less: one per core), and waits for
/// all. What is thrown by one does not stop the others; of several the first by number is thrown
/// on.
void in_parallel(std::size_t count, int threads, const std::function<void(std::size_t)>& work);

}  // namespace headroom
