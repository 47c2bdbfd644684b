// In place of cuda/, where no CUDA compiler was there.

#include "bench/attention/device.hpp"

namespace headroom::bench {

Result<std::unique_ptr<Device>> open_cuda() { return fail("this program was built without CUDA"); }

}  // namespace headroom::bench
