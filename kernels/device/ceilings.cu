#include "kernels/device/ceilings.cuh"

#include <algorithm>

namespace headroom::kernels {
namespace {

/// A grid whose blocks all run at once; its threads go on until all is done.
Status filling_grid(int threads, int blocks_each, LaunchShape& shape) {
  const int count = simt::multiprocessors();
  if (count == 0) return Status::no_device;
  shape.threads = threads;
  shape.grid_x = static_cast<std::int64_t>(count) * blocks_each;
  return Status::ok;
}

Status launch_stream(const void* from, void* to, std::size_t bytes, std::uint32_t* sink,
                     void* stream) {
  if (bytes % 16 != 0) return Status::unsupported;
  LaunchShape shape;
  const Status status = filling_grid(512, 2, shape);
  if (status != Status::ok) return status;
  const StreamArguments arguments{static_cast<const simt::Words4*>(from),
                                  static_cast<simt::Words4*>(to),
                                  static_cast<std::int64_t>(bytes / 16), sink};
  return simt::launch(to == nullptr ? stream_kernel<false> : stream_kernel<true>, shape, stream,
                      arguments);
}

template <class Kernel>
LoopWork launch_loop(Kernel kernel, int threads, double operations_of_block, int iterations,
                     float* sink, void* stream) {
  LoopWork work;
  LaunchShape shape;
  work.status = filling_grid(threads, 4, shape);
  if (work.status != Status::ok) return work;
  work.operations = static_cast<double>(shape.grid_x) * operations_of_block * iterations;
  work.status = simt::launch(kernel, shape, stream, LoopArguments{iterations, sink});
  return work;
}

LaunchShape one_warp() {
  LaunchShape shape;
  shape.threads = 32;
  return shape;
}

}  // namespace

Status launch_read(const void* from, std::size_t bytes, std::uint32_t* sink, void* stream) {
  return launch_stream(from, nullptr, bytes, sink, stream);
}

Status launch_copy(const void* from, void* to, std::size_t bytes, void* stream) {
  return launch_stream(from, to, bytes, nullptr, stream);
}

LoopWork launch_matmul_loop(ElementType type, int iterations, float* sink, void* stream) {
  constexpr int kThreads = 256;
  constexpr double kOperations = kMatmulOperations * kMatmulChains * (kThreads / 32);
  return launch_loop(type == ElementType::bf16 ? matmul_loop_kernel<ElementType::bf16>
                                               : matmul_loop_kernel<ElementType::fp16>,
                     kThreads, kOperations, iterations, sink, stream);
}

LoopWork launch_exp2_loop(int iterations, float* sink, void* stream) {
  constexpr int kThreads = 512;
  return launch_loop(exp2_loop_kernel, kThreads, 1.0 * kExp2Chains * kThreads, iterations, sink,
                     stream);
}

Status launch_empty(void* stream) {
  return simt::launch(empty_kernel, one_warp(), stream, NoArguments{});
}

Status launch_fill_normal(ElementType type, void* to, std::size_t elements, std::uint64_t seed,
                          void* stream) {
  if (elements % 8 != 0) return Status::unsupported;
  LaunchShape shape;
  const Status status = filling_grid(256, 4, shape);
  if (status != Status::ok) return status;
  const FillArguments arguments{
      static_cast<simt::Words4*>(to), static_cast<std::int64_t>(elements / 8),
      static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
  return simt::launch(type == ElementType::bf16 ? fill_normal_kernel<ElementType::bf16>
                                                : fill_normal_kernel<ElementType::fp16>,
                      shape, stream, arguments);
}

Status launch_clock_probe(ClockProbe* to, void* stream) {
  return simt::launch(clock_probe_kernel, one_warp(), stream, ProbeArguments{to});
}

Status launch_hold(const volatile std::int32_t* release, volatile std::int32_t* gave_up,
                   std::int64_t timeout_ns, void* stream) {
  return simt::launch(hold_kernel, one_warp(), stream, HoldArguments{release, gave_up, timeout_ns});
}

}  // namespace headroom::kernels
