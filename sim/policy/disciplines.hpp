#pragma once
// Factories of the queue disciplines, one line each; each lives in its own file.

#include "sim/policy/queue_discipline.hpp"

#include <memory>

namespace headroom {

[[nodiscard]] std::unique_ptr<QueueDiscipline> make_fifo();
[[nodiscard]] std::unique_ptr<QueueDiscipline> make_fifo_skip();
[[nodiscard]] std::unique_ptr<QueueDiscipline> make_fifo_rescan();
[[nodiscard]] std::unique_ptr<QueueDiscipline> make_sjf();
[[nodiscard]] std::unique_ptr<QueueDiscipline> make_easy();

}  // namespace headroom
