#pragma once
// Factories of the queue disciplines, one line each; each lives in its own file.

#include "sim/policy/queue_discipline.hpp"

#include <memory>

namespace headroom {

[[nodiscard]] std::unique_ptr<QueueDiscipline> make_fifo(const QueueOptions& options);
[[nodiscard]] std::unique_ptr<QueueDiscipline> make_fifo_skip(const QueueOptions& options);
[[nodiscard]] std::unique_ptr<QueueDiscipline> make_fifo_rescan(const QueueOptions& options);
[[nodiscard]] std::unique_ptr<QueueDiscipline> make_priority(const QueueOptions& options);
[[nodiscard]] std::unique_ptr<QueueDiscipline> make_largest_first(const QueueOptions& options);
[[nodiscard]] std::unique_ptr<QueueDiscipline> make_las(const QueueOptions& options);
[[nodiscard]] std::unique_ptr<QueueDiscipline> make_sjf(const QueueOptions& options);
[[nodiscard]] std::unique_ptr<QueueDiscipline> make_easy(const QueueOptions& options);
/// easy that reserves machines, of the same file as conservative.
[[nodiscard]] std::unique_ptr<QueueDiscipline> make_easy_machines();
[[nodiscard]] std::unique_ptr<QueueDiscipline> make_conservative(const QueueOptions& options);

}  // namespace headroom
