#pragma once
// How a launch went, as plain data: kernels and their launchers throw nothing.

namespace headroom::kernels {

enum class Status {
  ok,
  unsupported,          // a shape that the kernel does not take
  misaligned,           // a pointer is null, or no multiple of 16 bytes
  workspace_too_small,  // fewer bytes than workspace_bytes() says
  no_device,            // no GPU, or no code for this one
  launch_failed,        // the runtime refused the launch; it keeps the reason
};

/// In a few words, for people.
constexpr const char* status_text(Status status) {
  switch (status) {
    case Status::ok:
      return "ok";
    case Status::unsupported:
      return "a shape that this kernel does not take";
    case Status::misaligned:
      return "a pointer that is null or no multiple of 16 bytes";
    case Status::workspace_too_small:
      return "too small a workspace";
    case Status::no_device:
      return "no GPU that this program has code for";
    case Status::launch_failed:
      return "the launch failed";
  }
  return "an unknown status";
}

}  // namespace headroom::kernels
