#include "traces/task_record.hpp"

#include "sim/core/assert.hpp"

#include <cstring>

namespace headroom {
namespace {

constexpr std::int64_t kNone = -1;  // of durations, which are never negative

class Writer {
 public:
  void number(std::int64_t value) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof value);
    std::memcpy(bytes_.data() + at, &value, sizeof value);
  }
  void text(std::string_view value) {
    number(static_cast<std::int64_t>(value.size()));
    bytes_ += value;
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::int64_t number() {
    std::int64_t value = 0;
    HEADROOM_ASSERT(bytes_.size() >= sizeof value, "a task's record is cut short");
    std::memcpy(&value, bytes_.data(), sizeof value);
    bytes_.remove_prefix(sizeof value);
    return value;
  }
  std::string text() {
    const auto size = static_cast<std::size_t>(number());
    HEADROOM_ASSERT(bytes_.size() >= size, "a task's record is cut short");
    std::string value(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return value;
  }
  std::optional<Duration> duration() {
    const std::int64_t value = number();
    if (value == kNone) return std::nullopt;
    return Duration(value);
  }

 private:
  std::string_view bytes_;
};

std::int64_t ticks(const std::optional<Duration>& value) { return value ? value->count() : kNone; }

}  // namespace

std::string task_record(const TraceTask& task, std::int64_t line) {
  Writer out;
  out.number(line);
  out.text(task.name);
  out.number(ticks(task.lifetime));
  out.number(ticks(task.declared));
  out.number(task.cut_off ? 1 : 0);
  out.number(task.gpus);
  out.number(task.milli);
  out.number(task.cpu_milli);
  out.number(task.ram);
  out.text(task.tenant);
  out.number(task.priority);
  out.number(static_cast<std::int64_t>(task.gpu_types.size()));
  for (const std::string& type : task.gpu_types) out.text(type);
  out.text(task.group);
  out.number(task.group_size);
  return out.take();
}

RecordedTask task_of_record(std::string_view record) {
  Reader in(record);
  RecordedTask out;
  out.line = in.number();
  TraceTask& task = out.task;
  task.name = in.text();
  task.lifetime = in.duration();
  task.declared = in.duration();
  task.cut_off = in.number() == 1;
  task.gpus = static_cast<int>(in.number());
  task.milli = static_cast<int>(in.number());
  task.cpu_milli = in.number();
  task.ram = in.number();
  task.tenant = in.text();
  task.priority = static_cast<int>(in.number());
  const auto types = static_cast<std::size_t>(in.number());
  for (std::size_t i = 0; i < types; ++i) task.gpu_types.push_back(in.text());
  task.group = in.text();
  task.group_size = static_cast<int>(in.number());
  return out;
}

}  // namespace headroom
