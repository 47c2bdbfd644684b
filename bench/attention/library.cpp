#include "bench/attention/library.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <utility>

namespace headroom::bench {
namespace {

std::string last_error() {
  const char* const text = ::dlerror();
  return text == nullptr ? "unknown" : text;
}

}  // namespace

Library::Library(void* handle) : handle_(handle) {}

Result<Library> Library::open(std::span<const std::string> names) {
  std::string why = "no name";
  for (const std::string& name : names) {
    // Never unloaded: the driver may call back into CUPTI until the program ends.
    constexpr int kFlags = RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE;
    if (void* const handle = ::dlopen(name.c_str(), kFlags)) return Library(handle);
    why = last_error();
  }
  return fail(why);
}

Result<void*> Library::symbol(const char* name) const {
  if (void* const found = ::dlsym(handle_, name)) return found;
  return fail(last_error());
}

std::vector<std::string> toolkit_places(const std::string& name) {
  std::vector<std::string> places;
  if (const char* folder = std::getenv("HEADROOM_CUDA_LIBRARIES")) {
    places.push_back(std::string(folder) + "/" + name);
  }
  places.push_back("/usr/local/cuda/lib64/" + name);
  places.push_back("/usr/local/cuda/extras/CUPTI/lib64/" + name);
  places.push_back(name);  // last, so that its message is the one that is shown
  return places;
}

}  // namespace headroom::bench
